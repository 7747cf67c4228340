export { session, type SessionMiddleware } from './adapters/express.ts'
