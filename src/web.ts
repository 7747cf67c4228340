export { withSession, type SessionHandler, type WithSession } from './adapters/web.ts'
