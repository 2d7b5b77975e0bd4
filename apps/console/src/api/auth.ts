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

/** Makes an account and signs in. */
export function signUp(account: { name: string; email: string; password: string }): Promise<void> {
  return settle(client.signUp.email(account))
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
