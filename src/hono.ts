export { session, type SessionMiddleware, type SessionVariables } from './adapters/hono.ts'
