export {
  ExpressSessionStore,
  type Callback,
  type ExpressSessionStoreOptions,
} from './adapters/express-session.ts'
export { fromExpressSession, type ForeignStore } from './stores/express-session.ts'
