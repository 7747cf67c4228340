export { changesOf, cookieFor, type DataChange, type SessionsOf } from './tools/testing/kit.ts'
export { storeSuite, type StoreFixture, type StoreSuiteOptions } from './tools/testing/suite.ts'
export type { Capability } from './tools/testing/capability-checks.ts'
export type { Test } from './tools/testing/records.ts'
export {
  sealerSuite,
  type SealerFixture,
  type SealerSuiteOptions,
} from './tools/testing/sealer-suite.ts'
