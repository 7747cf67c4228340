import { defineConfig } from 'vitest/config'

/** Files whose mistakes cost a session or a secret: every branch is tested. */
const CRITICAL = [
  'src/core/id.ts',
  'src/core/merge.ts',
  'src/stores/file/layout.ts',
  'src/transports/cookie.ts',
  'src/transports/seal.ts',
  'src/transports/sign.ts',
]

/** Pure and in-process: they share one module graph a worker, which is several times quicker. */
const QUICK = ['src/**/*.test.ts', 'test/property/**/*.test.ts']

export default defineConfig({
  test: {
    environment: 'node',
    pool: 'forks',
    maxWorkers: '100%',
    hookTimeout: 30_000,
    // looks for ids, secrets and session values in all that the tests print, throw and report
    setupFiles: ['test/support/overhear.ts'],
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: QUICK, isolate: false, testTimeout: 60_000 },
      },
      {
        extends: true,
        test: {
          name: 'rooms',
          include: ['test/**/*.test.ts'],
          exclude: QUICK,
          isolate: true,
          testTimeout: 30_000,
        },
      },
    ],
    coverage: {
      provider: 'v8',
      include: ['src/{core,stores,transports,sessions,adapters}/**/*.ts'],
      // the thread's file runs in a thread: test/slow-disk and aside.test.ts go through it
      exclude: ['src/**/*.test.ts', 'src/stores/file/aside-thread.ts'],
      reporter: ['text', 'json-summary'],
      thresholds: {
        perFile: true,
        'src/{core,stores,transports}/**/*.ts': {
          lines: 95,
          branches: 95,
          functions: 95,
          statements: 95,
        },
        ...Object.fromEntries(CRITICAL.map((file) => [file, { branches: 100 }])),
      },
    },
  },
})
