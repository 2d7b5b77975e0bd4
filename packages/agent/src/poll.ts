import { AgentClientError, ProtocolError } from './errors.ts'
import type { AgentContext } from './context.ts'
import { retryAfter, saysCode } from './server-error.ts'

/** How to ask again and again. Times are milliseconds. */
export interface PollOptions<T> {
  readonly ask: () => Promise<T>
  /** When the server says to come back, from now. It is obeyed. */
  readonly waitHint?: (answer: T) => number | undefined
  readonly isDone: (answer: T) => boolean
  readonly interval: number
  /** How long to wait before the first question. @default the interval */
  readonly delay?: number | undefined
  /** The next interval after an answer that was not the last. @default the same again */
  readonly grow?: (interval: number) => number
  readonly deadline: number
  readonly signal?: AbortSignal | undefined
}

const slowDownBy = 5_000
const longestBackoff = 60_000

/**
 * Asks until the answer is final, and returns it; `undefined` when the deadline passes first.
 *
 * A lost connection or a struggling server is waited out with exponential backoff, `Retry-After` is
 * honoured, `slow_down` lengthens the interval (RFC 8628 §3.5). Any other refusal is thrown.
 */
export async function pollUntil<T>(
  context: AgentContext,
  options: PollOptions<T>,
): Promise<T | undefined> {
  const { clock } = context
  let interval = options.interval
  let delay = options.delay ?? interval
  let failures = 0
  while (options.deadline > clock.now()) {
    const remaining = options.deadline - clock.now()
    await clock.sleep(Math.min(delay, remaining), options.signal)
    // Told to come back only after the deadline, a last question now would be one too early.
    if (delay > remaining && delay > interval) break
    try {
      const answer = await options.ask()
      if (options.isDone(answer)) return answer
      failures = 0
      delay = Math.max(interval, options.waitHint?.(answer) ?? 0)
      interval = options.grow?.(interval) ?? interval
    } catch (error) {
      if (!isTransient(error)) throw error
      if (saysCode(error, 'slow_down')) interval += slowDownBy
      else if (!saysCode(error, 'authorization_pending')) failures += 1
      const backoff = Math.min(interval * 2 ** failures, Math.max(longestBackoff, interval))
      delay = Math.max(backoff, retryAfter(error.headers?.['retry-after'], clock.now()))
    }
  }
  return undefined
}

function isTransient(
  error: unknown,
): error is Error & { readonly headers?: ProtocolError['headers'] } {
  if (error instanceof AgentClientError) return error.code === 'unreachable'
  if (saysCode(error, 'slow_down', 'authorization_pending')) return true
  return error instanceof ProtocolError && (error.status === 429 || error.status >= 500)
}
