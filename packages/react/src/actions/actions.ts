import { asAuthError } from '../http/auth-error.ts'
import type { Http } from '../http/http.ts'
import type { AuthStore } from '../store/auth-store.ts'
import { accountActions } from './account.ts'
import { organizationActions } from './organizations.ts'
import { passkeyActions } from './passkeys.ts'
import { signInActions } from './sign-in.ts'
import { twoFactorActions } from './two-factor.ts'

/** Everything a page can ask of the server. All of them fail with an `AuthError`. */
export type AuthActions = ReturnType<typeof createActions>

/** Prepares the actions of a page. */
export function createActions(http: Http, store: AuthStore) {
  const context = { http: noticing(http, store), store }
  return {
    ...signInActions(context),
    ...accountActions(context),
    ...passkeyActions(context),
    ...twoFactorActions(context),
    ...organizationActions(context),
  }
}

/** Asks who is signed in when an answer says nobody is, so that an expired session shows at once. */
function noticing(http: Http, store: AuthStore): Http {
  const notice = (cause: unknown): never => {
    const isSignedIn = store.getState().status === 'signed-in'
    if (asAuthError(cause).status === 401 && isSignedIn) void store.refresh()
    throw cause
  }
  return {
    endpoint: http.endpoint,
    get: (path) => http.get(path).catch(notice),
    post: (path, body) => http.post(path, body).catch(notice),
  }
}
