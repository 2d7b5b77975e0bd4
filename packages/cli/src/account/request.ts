import { AccountError } from './account-error.ts'
import type { AccountErrorKind } from './account-error.ts'

/** A JSON object as a server sent it: nothing in it is certain yet. */
export type JsonObject = Readonly<Record<string, unknown>>

/** What is sent to a server. */
export interface ServerRequest {
  readonly url: string
  readonly method?: 'DELETE' | 'GET' | 'POST' | 'PUT'
  readonly token?: string | undefined
  readonly json?: unknown
  readonly form?: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

const timeout = 30_000

/** Status and body of an answer. */
export interface ServerAnswer {
  readonly status: number
  readonly body: JsonObject
}

/**
 * Sends a request and returns the answer, whatever its status.
 *
 * No redirect is followed: the token and the form are for this address alone. Throws `AccountError` of
 * kind `network` when nobody answers, or somebody else than Countersign.
 */
export async function send(question: ServerRequest): Promise<ServerAnswer> {
  const { origin } = new URL(question.url)
  const { status, text } = await exchange(question).catch((cause: unknown) => {
    question.signal.throwIfAborted()
    throw new AccountError('network', `${origin} cannot be reached.`, { cause })
  })
  const body = text === '' ? {} : parseObject(text)
  // Refusals of a proxy are pages; their status still says enough.
  if (body || (status >= 400 && status !== 404)) return { status, body: body ?? {} }
  const message = `${origin} does not answer like Countersign (${status}). Look at: countersign doctor ${origin}`
  throw new AccountError('network', message)
}

/** Like {@link send}, and throws what the server refuses as an `AccountError`. */
export async function request(question: ServerRequest): Promise<JsonObject> {
  const answer = await send(question)
  if (answer.status >= 200 && answer.status < 300) return answer.body
  throw refusal(answer)
}

async function exchange({ url, method = 'GET', token, json, form, signal }: ServerRequest) {
  const body = form ? new URLSearchParams(form) : json === undefined ? null : JSON.stringify(json)
  const headers = {
    accept: 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(json === undefined ? {} : { 'content-type': 'application/json' }),
  }
  const late = AbortSignal.any([signal, AbortSignal.timeout(timeout)])
  const response = await fetch(url, { method, headers, body, redirect: 'manual', signal: late })
  return { status: response.status, text: await response.text() }
}

const kinds: Readonly<Record<number, AccountErrorKind>> = {
  401: 'not_signed_in',
  403: 'forbidden',
  404: 'not_found',
  429: 'network',
}

/** What a refusal means to the person at the terminal. */
export function refusal({ status, body }: ServerAnswer): AccountError {
  const kind = kinds[status] ?? (status >= 400 && status < 500 ? 'invalid' : 'network')
  const said = textIn(body, 'message') ?? textIn(body, 'error_description')
  const code = textIn(body, 'error') ?? textIn(body, 'code')
  return new AccountError(kind, said ?? `The server refused (${status}).`, { code })
}

/** A member that is a text with something in it. */
export function textIn(object: JsonObject, name: string): string | undefined {
  const value = object[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** A member that is a list of objects; empty where it is anything else. */
export function objectsIn(object: JsonObject, name: string): JsonObject[] {
  const value = object[name]
  return Array.isArray(value) ? value.filter(isObject) : []
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
