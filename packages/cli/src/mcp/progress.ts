import type { ServerContext } from '@modelcontextprotocol/server'

/** Milliseconds between two signs of life. */
const interval = 5_000

/** Waits, and tells a host that wants to know every five seconds that this goes on. */
export async function withProgress<T>(
  { mcpReq }: ServerContext,
  { message, total }: { message: string; total: number },
  work: Promise<T>,
): Promise<T> {
  // oxlint-disable-next-line no-underscore-dangle -- the protocol's own name
  const progressToken = mcpReq._meta?.progressToken
  if (progressToken === undefined) return work
  const started = Date.now()
  const report = (): void => {
    const progress = Math.round((Date.now() - started) / 1000)
    const params = { progressToken, progress, total, message }
    // A host that is gone is noticed elsewhere.
    mcpReq.notify({ method: 'notifications/progress', params }).catch(() => undefined)
  }
  report()
  const timer = setInterval(report, interval)
  try {
    return await work
  } finally {
    clearInterval(timer)
  }
}
