import { randomUUID } from 'node:crypto'
import { test } from 'vitest'
import { send, type Sent } from './send.ts'
import type { MiddlewareWorld } from './world.ts'

/** An application that is listening, and the world behind it. */
export interface Application {
  readonly origin: string
  readonly world: MiddlewareWorld
}

type Headers = Record<string, string>

/** `it` of the tests of one application: what a test uses of it, it names as a parameter. */
export type ApplicationTest = ReturnType<typeof applicationTest>

/** Makes the `it` of an application, which is asked for when the first test runs. */
export function applicationTest(application: () => Application) {
  return (
    test
      .extend('world', () => application().world)
      .extend('origin', () => application().origin)
      // The session of the owner.
      .extend('cookie', ({ world }) => world.owner.cookie)
      .extend(
        'send',
        ({ origin }) =>
          (path: string, sent?: Sent) =>
            send(origin, path, sent),
      )
      .extend(
        'get',
        ({ origin }) =>
          (path: string, headers: Headers = {}) =>
            send(origin, path, { headers }),
      )
      // Posts JSON.
      .extend(
        'post',
        ({ origin }) =>
          (path: string, headers: Headers, body: unknown = {}) =>
            send(origin, path, {
              method: 'POST',
              headers: { 'content-type': 'application/json', ...headers },
              body: JSON.stringify(body),
            }),
      )
  )
}

/** Headers with a token. */
export const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** Headers with an API key. */
export const apiKey = (key: string) => ({ 'x-countersign-api-key': key })

/** What somebody new signs up with. */
export function newAccount(name = 'Ada') {
  return { email: `${randomUUID()}@example.com`, password: 'correct horse', name }
}
