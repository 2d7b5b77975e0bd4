import { AuthError } from '../http/auth-error.ts'
import { isRecord, textOf } from '../http/json.ts'
import { provePasskey, type AskOptions } from '../webauthn/passkey.ts'
import { currentPage } from './addresses.ts'
import type { ActionContext } from './context.ts'

/** What is typed to sign in. */
export interface PasswordCredentials {
  readonly email: string
  readonly password: string
  /** Whether the session outlives the browser. @default true */
  readonly rememberMe?: boolean
}

/** What comes after a password: nothing, or a code from an authenticator app. */
export type SignInStep = 'signed-in' | 'two-factor'

/** Where a provider sends the browser back to. Absolute, or a path of this origin. */
export interface ProviderReturn {
  /** @default the current page */
  readonly returnTo?: string | undefined
}

/** Ways of signing in. */
export function signInActions({ http, store }: ActionContext) {
  return {
    /** Signs in with a password. */
    async signInWithPassword(credentials: PasswordCredentials): Promise<SignInStep> {
      const email = credentials.email.trim()
      // Where the link ends that confirms the address, if that is still to be done.
      const callbackURL = currentPage()
      const answer = await http.post('/sign-in/email', { ...credentials, email, callbackURL })
      if (isRecord(answer) && answer['twoFactorRedirect'] === true) return 'two-factor'
      await store.changed()
      return 'signed-in'
    },

    /** Signs in with a passkey, in a dialog or from the e-mail field. */
    async signInWithPasskey(options: AskOptions = {}): Promise<void> {
      const asked = await http.get('/passkey/generate-authenticate-options')
      // Whoever gave up meanwhile sees no prompt.
      if (options.signal?.aborted) throw new AuthError(0, 'passkey_cancelled')
      const response = await provePasskey(asked as PublicKeyCredentialRequestOptionsJSON, options)
      await http.post('/passkey/verify-authentication', { response })
      await store.changed()
    },

    /** Leaves for a provider. Resolves only when the person comes back with the browser's button. */
    async signInWithProvider(provider: string, { returnTo }: ProviderReturn = {}): Promise<void> {
      const here = currentPage()
      const callbackURL = new URL(returnTo ?? here, here).href
      const body = { provider, callbackURL, errorCallbackURL: here, disableRedirect: true }
      const answer = await http.post('/sign-in/social', body)
      const url = isRecord(answer) ? textOf(answer, 'url') : null
      if (url === null || !isWebAddress(url)) throw new AuthError(502, 'unknown')
      const back = new Promise((resolve) => addEventListener('pageshow', resolve, { once: true }))
      location.assign(url)
      await back
    },
  }
}

function isWebAddress(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)
}
