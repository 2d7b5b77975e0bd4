export const ISSUER = 'http://localhost:4100'
export const BASE = `${ISSUER}/api/auth`
export const EXECUTE = `${BASE}/capability/execute`
export const SECRET = 'q7Tz3Lk9Vw2Xn5Bd8Rm1Ys4Hc6Jf0Pg!'

export type Handler = (request: Request) => Promise<Response>

/** What a test reads of a response. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  // Tests look into whatever came back; every look is an assertion.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any
}

export interface Call {
  readonly token?: string
  readonly cookie?: string
  /** JSON, or text that is sent as it is. */
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

/** Sends one request to a handler, as a client over HTTP would. */
export async function call(
  handler: Handler,
  method: 'GET' | 'POST',
  path: string,
  options: Call = {},
): Promise<Answer> {
  const { token, cookie, body } = options
  const headers = new Headers(options.headers)
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
  if (cookie !== undefined) {
    headers.set('cookie', cookie)
    if (!headers.has('origin')) headers.set('origin', ISSUER)
  }
  if (body !== undefined && !headers.has('content-type')) {
    headers.set('content-type', 'application/json')
  }
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const url = path.startsWith('http') ? path : `${BASE}${path}`
  const response = await handler(
    new Request(url, { method, headers, ...(body !== undefined && { body: text }) }),
  )
  const answer = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: answer ? parseJson(answer) : null,
  }
}

/** What a text is as JSON; the text itself where it is something else. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** How many answers there are of each status. */
export function countStatuses(answers: readonly Answer[]): Record<number, number> {
  const counts: Record<number, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}
