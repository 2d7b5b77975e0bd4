import { request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import type { IncomingMessage } from 'node:http'

/** What is asked for. */
export interface Question {
  readonly url: string
  /** @default GET */
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** @default none */
  readonly body?: string
}

/** What came back, or why nothing did. */
export interface Answer {
  readonly url: string
  /** HTTP status; 0 when nothing was answered. */
  readonly status: number
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The values of `Set-Cookie`. */
  readonly cookies: readonly string[]
  readonly body: string
  /** The code of the network or TLS error behind status 0. */
  readonly failure: string | null
  /** Milliseconds since the epoch. */
  readonly askedAt: number
  readonly answeredAt: number
}

const timeout = 10_000
const maxBytes = 1_000_000

/**
 * Sends one request and says what happened. It follows no redirect, waits ten seconds at most, reads
 * one megabyte at most, and never throws.
 *
 * `fetch` cannot name another `Host`, which is what one of the checks is about.
 */
export function ask(question: Question, signal: AbortSignal): Promise<Answer> {
  const { url, method = 'GET', body = '' } = question
  const askedAt = Date.now()
  const nothing = (failure: string): Answer => ({
    url,
    status: 0,
    headers: {},
    cookies: [],
    body: '',
    failure,
    askedAt,
    answeredAt: Date.now(),
  })
  return new Promise((resolve) => {
    const request = url.startsWith('https:') ? requestSecure : requestPlain
    const headers = {
      accept: 'application/json',
      'user-agent': 'countersign-doctor',
      ...(method === 'GET' || method === 'OPTIONS' ? {} : { 'content-length': byteLength(body) }),
      ...question.headers,
    }
    const stop = AbortSignal.any([signal, AbortSignal.timeout(timeout)])
    const outgoing = request(url, { method, headers, signal: stop, agent: false }, (incoming) => {
      const answeredAt = Date.now()
      readBody(incoming).then(
        (text) => resolve({ ...describe(incoming), url, body: text, askedAt, answeredAt }),
        (error: unknown) => resolve(nothing(codeOf(error))),
      )
    })
    outgoing.on('error', (error) => resolve(nothing(codeOf(error))))
    outgoing.end(body)
  })
}

/** The body as a JSON object, or undefined where it is anything else. */
export function jsonOf(answer: Answer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(answer.body)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined
  } catch {
    return undefined
  }
}

function describe(incoming: IncomingMessage) {
  const headers = Object.entries(incoming.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : value,
  ])
  return {
    status: incoming.statusCode ?? 0,
    headers: Object.fromEntries(headers) as Answer['headers'],
    cookies: incoming.headers['set-cookie'] ?? [],
    failure: null,
  }
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) break
    text += decoder.decode(chunk, { stream: true })
  }
  return text
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).byteLength
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN'
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'TIMEOUT'
  return 'code' in error ? String(error.code) : error.message
}
