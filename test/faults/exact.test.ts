// What is shown of processes that are stopped and killed, on a disk whose times tell any two changes apart.
import { kernel } from './disk.ts'

kernel.tick = 0
await import('./interleavings.test.ts')
