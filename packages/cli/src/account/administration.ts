import type { Input } from '../command.ts'
import type { Terminal } from '../terminal.ts'
import { openAccount } from './account.ts'
import type { Account } from './account.ts'
import { AccountError } from './account-error.ts'
import { refusal, send } from './request.ts'
import type { JsonObject, ServerAnswer, ServerRequest } from './request.ts'

/** The administration of applications: REST under `/api/auth/oidc`. */
export interface Administration {
  readonly server: string
  get(path: string): Promise<JsonObject>
  post(path: string, json?: unknown): Promise<JsonObject>
  put(path: string, json: unknown): Promise<JsonObject>
  delete(path: string): Promise<JsonObject>
}

/** Opens the administration for whoever is signed in. Its methods throw `AccountError`. */
export async function openAdministration(
  input: Input,
  terminal: Terminal,
): Promise<Administration> {
  const account = await openAccount(input, terminal)
  const call = (method: ServerRequest['method'], path: string, json?: unknown) =>
    callWith(account, { method: method ?? 'GET', path, json })
  return {
    server: account.server,
    get: (path) => call('GET', path),
    post: (path, json = {}) => call('POST', path, json),
    put: (path, json) => call('PUT', path, json),
    delete: (path) => call('DELETE', path),
  }
}

interface Call {
  readonly method: NonNullable<ServerRequest['method']>
  readonly path: string
  readonly json: unknown
}

async function callWith(account: Account, { method, path, json }: Call): Promise<JsonObject> {
  const { server, signal } = account
  const url = `${server}/api/auth/oidc${path}`
  const ask = (token: string): Promise<ServerAnswer> => send({ url, method, json, token, signal })
  const first = await account.token()
  let answer = await ask(first)
  if (answer.status === 401) {
    // Revoked before its time, or this clock is wrong: a new token decides.
    const next = await account.token(true)
    if (next !== first) answer = await ask(next)
  }
  if (answer.status >= 200 && answer.status < 300) return answer.body
  throw explain(refusal(answer), server)
}

/** Adds what to do to refusals that the person can mend. */
function explain(error: AccountError, server: string): AccountError {
  const advice: Readonly<Partial<Record<AccountError['kind'], string>>> = {
    not_signed_in: `Sign in with: countersign login ${server}`,
    forbidden:
      'This takes an administrator, or a member of the owning organization who may manage applications.',
  }
  const more = advice[error.kind]
  if (more === undefined) return error
  const { kind, code, message } = error
  return new AccountError(kind, `${message} ${more}`, { code, cause: error })
}
