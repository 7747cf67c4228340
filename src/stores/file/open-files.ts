import { resolve } from 'node:path'
import type { Store } from '../../core/store.ts'
import { withThread } from './aside.ts'
import { fileStore, type FileStore } from './file-store.ts'
import type { FileStoreOptions } from './options.ts'
import { gauge } from './gauge.ts'
import { nodeIo } from './io.ts'
import type { Layout } from './layout.ts'
import { reapAside } from './reap-aside.ts'

/**
 * Keeps sessions in files, with another thread at hand for a slow disk. With a file system of somebody else's there is
 * none: it could not be taken there.
 */
export function openFiles(
  options: FileStoreOptions,
  layout: Layout,
  format: 'json' | 'yaml',
): Required<Store> {
  const { io, ...rest } = options
  if (io) return { ...(fileStore(options, layout) as Required<FileStore>), async close() {} }
  const measured = gauge(nodeIo)
  const dir = resolve(rest.dir ?? 'sessions') // a thread has no directory of its own to be in
  const aside = { ...rest, dir, format }
  const store = fileStore({ ...rest, io: measured.io }, layout, (...args) =>
    reapAside(aside, ...args),
  )
  return withThread(store, measured, aside)
}

/** All options, where only the session directory may be given. */
export function optionsOf(options: string | FileStoreOptions): FileStoreOptions {
  return typeof options === 'string' ? { dir: options } : options
}
