export { session, type SessionPlugin } from './adapters/fastify.ts'
