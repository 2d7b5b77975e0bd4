import type { PasskeyView, Session, SessionView } from './contract.ts'
import { get, post } from './request.ts'

/** Reads who is signed in in this browser, if anybody. */
export function getSession(signal: AbortSignal): Promise<Session | null> {
  return get('/get-session', { signal })
}

/** Lists the browsers in which the person is signed in. */
export function listSessions(signal: AbortSignal): Promise<readonly SessionView[]> {
  return get('/list-sessions', { signal })
}

/** Signs one other browser out. */
export function revokeSession(token: string): Promise<unknown> {
  return post('/revoke-session', { token })
}

/** Signs every other browser out. */
export function revokeOtherSessions(): Promise<unknown> {
  return post('/revoke-other-sessions')
}

/** Lists the person's passkeys. */
export function listPasskeys(signal: AbortSignal): Promise<readonly PasskeyView[]> {
  return get('/passkey/list-user-passkeys', { signal })
}

/** Gives a passkey another name. */
export function renamePasskey(id: string, name: string): Promise<unknown> {
  return post('/passkey/update-passkey', { id, name })
}

/** Removes a passkey. */
export function deletePasskey(id: string): Promise<unknown> {
  return post('/passkey/delete-passkey', { id })
}
