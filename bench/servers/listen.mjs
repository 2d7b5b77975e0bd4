import { serve } from '@hono/node-server'
import { obeyParent, sayListening } from './parent.mjs'

/**
 * Puts a fetch handler behind HTTP on loopback: the same adapter for every server measured.
 */
export function listen(handler) {
  const port = Number(process.env.PORT)
  const server = serve({ fetch: handler, hostname: '127.0.0.1', port }, sayListening)
  server.keepAliveTimeout = 120_000
  obeyParent()
}
