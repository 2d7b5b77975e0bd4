import { serve } from '@hono/node-server'

/**
 * Puts a fetch handler behind HTTP on loopback: the same adapter for every server measured.
 *
 * The process answers `cpu` with the processor time it has used, and ends with its parent.
 */
export function listen(handler) {
  const port = Number(process.env.PORT)
  const server = serve({ fetch: handler, hostname: '127.0.0.1', port }, () => {
    process.send?.({ type: 'listening' })
  })
  server.keepAliveTimeout = 120_000
  process.on('message', (message) => {
    if (message !== 'cpu') return
    const { user, system } = process.cpuUsage()
    process.send?.({ type: 'cpu', microseconds: user + system })
  })
  // Leaving through `exit` lets `--cpu-prof` write its profile.
  process.on('disconnect', () => process.exit(0))
}
