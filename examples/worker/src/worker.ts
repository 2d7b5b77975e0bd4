import { setTimeout as sleep } from 'node:timers/promises'
import { backoff, judge, type Verdict } from './call-api.ts'

/** Where the API is, and who the worker is to it. */
export interface WorkerOptions {
  readonly url: string
  readonly apiKey: string
  /** Stops the worker between two requests. */
  readonly signal: AbortSignal
}

/** The API refused in a way that asking again does not change. */
export class GivenUp extends Error {
  override readonly name = 'GivenUp'
}

/** Sends one report, however long that takes. Throws `GivenUp` when it never will work. */
export async function sendReport(text: string, options: WorkerOptions): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const verdict = await attemptReport(text, attempt, options)
    if (verdict.next === 'done') return
    if (verdict.next === 'give-up') throw new GivenUp(verdict.reason)
    console.log(`Waiting ${verdict.seconds.toFixed(1)} s.`)
    await sleep(verdict.seconds * 1000, undefined, { signal: options.signal })
  }
}

async function attemptReport(
  text: string,
  attempt: number,
  { url, apiKey, signal }: WorkerOptions,
): Promise<Verdict> {
  try {
    const response = await fetch(new URL('/api/reports', url), {
      method: 'POST',
      headers: { 'x-countersign-api-key': apiKey, 'content-type': 'application/json' },
      body: JSON.stringify({ text }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
    })
    await response.body?.cancel()
    return judge(response, attempt)
  } catch {
    signal.throwIfAborted()
    // No answer at all: the API restarts, or the network is away.
    return { next: 'wait', seconds: backoff(attempt) }
  }
}
