import type { AgentContext, WaitForDecision } from './context.ts'
import { hostToken } from './host.ts'
import { parseIssuerUrl } from './url.ts'

/** Options of {@link listenForDecision}. */
export interface ListenOptions {
  /** Milliseconds without a word after which the stream counts as dead. @default 40000 */
  readonly silence?: number | undefined
}

const sizeLimit = 1_000_000

/**
 * Waits for decisions on the server's event stream (§10.10.2) instead of asking again and again.
 *
 * Pass it as `waitForDecision`. Without a `notification_url`, with one away from the issuer's origin,
 * and when the stream breaks or falls silent, the client polls as it does without.
 */
export function listenForDecision({ silence = 40_000 }: ListenOptions = {}): WaitForDecision {
  return async (context, { issuer, notification_url: url, interval, deadline, signal }) => {
    // Leaves time to ask once more.
    const timeout = deadline - context.clock.now() - interval * 1000
    if (url === undefined || timeout <= 0) return undefined
    const quiet = new AbortController()
    const signals = [quiet.signal, AbortSignal.timeout(timeout), ...(signal ? [signal] : [])]
    try {
      const response = await withinSilence(quiet, silence, async () =>
        openStream(context, { url, issuer, signal: AbortSignal.any(signals) }),
      )
      if (!response.body) return undefined
      const reader = response.body.getReader()
      const told = await hear(reader, (read) => withinSilence(quiet, silence, read))
      return told ? 0 : undefined
    } catch {
      signal?.throwIfAborted()
      return undefined
    } finally {
      quiet.abort()
    }
  }
}

async function openStream(
  context: AgentContext,
  { url, issuer, signal }: { url: unknown; issuer: string; signal: AbortSignal },
): Promise<Response> {
  const response = await context.fetch(parseIssuerUrl(url, issuer), {
    headers: {
      accept: 'text/event-stream',
      authorization: `Bearer ${await hostToken(context, issuer)}`,
    },
    credentials: 'omit',
    // A signed token is for one address. Nobody gets to send it somewhere else.
    redirect: 'manual',
    signal,
  })
  const type = response.headers.get('content-type') ?? ''
  if (response.ok && type.startsWith('text/event-stream')) return response
  await response.body?.cancel()
  throw new TypeError('not an event stream')
}

type Reader = ReadableStreamDefaultReader<Uint8Array>
type Chunk = Awaited<ReturnType<Reader['read']>>

/** Whether the stream told of a decision before it ended. What was decided is asked for, not read. */
async function hear(
  reader: Reader,
  next: (read: () => Promise<Chunk>) => Promise<Chunk>,
): Promise<boolean> {
  const decoder = new TextDecoder()
  let size = 0
  let line = ''
  for (;;) {
    const { done, value } = await next(async () => reader.read())
    if (done) return false
    size += value.byteLength
    const lines = (line + decoder.decode(value, { stream: true })).split(/\r\n|\r|\n/)
    if (lines.some((one) => /^event: ?approval$/.test(one)) || size > sizeLimit) {
      await reader.cancel()
      return size <= sizeLimit
    }
    line = lines.at(-1) ?? ''
  }
}

/** Aborts what takes longer than a living stream is silent. */
async function withinSilence<T>(
  quiet: AbortController,
  silence: number,
  step: () => Promise<T>,
): Promise<T> {
  const timer = setTimeout(() => quiet.abort(), silence)
  try {
    return await step()
  } finally {
    clearTimeout(timer)
  }
}
