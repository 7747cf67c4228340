import { defineConfig } from 'vitest/config'

/** `npm run soak`: as long as it is told, one suite after the other. */
export default defineConfig({
  test: {
    environment: 'node',
    pool: 'forks',
    include: ['test/soak/*.soak.ts'],
    testTimeout: 0,
    reporters: 'verbose',
  },
})
