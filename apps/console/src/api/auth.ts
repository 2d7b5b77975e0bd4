import { passkeyClient } from '@better-auth/passkey/client'
import { createAuthClient } from 'better-auth/client'
import { ApiError } from '../lib/api-error.ts'

const client = createAuthClient({
  baseURL: location.origin,
  basePath: '/api/auth',
  plugins: [passkeyClient()],
  // Where to go after sign-in is decided here, never by an answer.
  disableDefaultFetchPlugins: true,
})

interface Answer {
  error: { status: number; code?: string; message?: string } | null
}

/** Makes an account. `false`: nobody is signed in until the address is confirmed. */
export async function signUp(account: {
  name: string
  email: string
  password: string
}): Promise<boolean> {
  const asked = client.signUp.email(account)
  await settle(asked)
  return typeof (await asked).data?.token === 'string'
}

/** Asks for a link with which a new password is typed; the answer is the same for every address. */
export function requestPasswordReset(email: string): Promise<void> {
  return settle(client.requestPasswordReset({ email }))
}

/** Sets a new password with the token of a letter, which then is used up. */
export function resetPassword(token: string, newPassword: string): Promise<void> {
  return settle(client.resetPassword({ token, newPassword }))
}

/** Signs in with a password; also renews the proof of who is there. */
export function signInWithPassword(email: string, password: string): Promise<void> {
  return settle(client.signIn.email({ email, password }))
}

/** Signs in with a passkey; also renews the proof of who is there. */
export function signInWithPasskey(): Promise<void> {
  return settle(client.signIn.passkey())
}

/** Makes a passkey on this device. */
export function addPasskey(name: string): Promise<void> {
  return settle(client.passkey.addPasskey(name === '' ? {} : { name }))
}

/** Signs this browser out. */
export function signOut(): Promise<void> {
  return settle(client.signOut())
}

/** Whether this browser can use passkeys at all. */
export const passkeysSupported = 'PublicKeyCredential' in globalThis

async function settle(asked: Promise<Answer>): Promise<void> {
  const { error } = await asked.catch((cause: unknown) => {
    throw new ApiError(0, 'unreachable', { cause })
  })
  if (error === null || error === undefined) return
  throw new ApiError(error.status, error.code ?? 'unknown', { message: error.message })
}
