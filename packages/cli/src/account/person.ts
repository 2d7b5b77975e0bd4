import { plain } from '../output.ts'
import { request, textIn } from './request.ts'
import type { JsonObject } from './request.ts'

/** Who a token is for. */
export interface Person {
  /** As the server's user info says (OpenID Connect Core section 5.3). */
  readonly claims: JsonObject
  /** On one line, for people. */
  readonly text: string
}

/** Reads who a token is for. Throws `AccountError`. */
export async function readPerson(url: string, token: string, signal: AbortSignal): Promise<Person> {
  const body = await request({ url, token, signal })
  const claims = Object.fromEntries(
    ['sub', 'name', 'email'].flatMap((name) => {
      const value = textIn(body, name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
  const [name, email] = [textIn(claims, 'name'), textIn(claims, 'email')]
  const text =
    name && email ? `${name} <${email}>` : (name ?? email ?? textIn(claims, 'sub') ?? '?')
  return { claims, text: plain(text) }
}
