/** What an answer of the API means for the worker. */
export type Verdict =
  | { readonly next: 'done' }
  | { readonly next: 'wait'; readonly seconds: number }
  | { readonly next: 'give-up'; readonly reason: string }

/**
 * Decides by the status what comes next.
 *
 * A key that is unknown, and a key that may not, stay so: asking again only fills logs. 429 and the
 * answers of the 500s pass.
 */
export function judge(
  { status, headers }: Pick<Response, 'status' | 'headers'>,
  attempt: number,
): Verdict {
  if (status < 400) return { next: 'done' }
  if (status === 429 || status >= 500) return { next: 'wait', seconds: pause(headers, attempt) }
  if (status === 401) return { next: 'give-up', reason: 'The API key is unknown, or has ended.' }
  if (status === 403) return { next: 'give-up', reason: 'The API key may not do this.' }
  return { next: 'give-up', reason: `The API refused the request (${status}).` }
}

/** As long as the API says, else longer with every attempt, a minute at most. */
function pause(headers: Headers, attempt: number): number {
  const said = Number(headers.get('retry-after') ?? Number.NaN)
  return Number.isFinite(said) && said >= 0 ? said : backoff(attempt)
}

/** Seconds before another attempt. With some luck in it: workers that failed together come back apart. */
export function backoff(attempt: number): number {
  return Math.min(60, 2 ** attempt) * (0.5 + Math.random() / 2)
}
