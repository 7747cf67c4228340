export { session, type SessionMiddleware } from './adapters/koa.ts'
