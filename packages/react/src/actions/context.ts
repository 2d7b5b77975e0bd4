import type { Http } from '../http/http.ts'
import type { AuthStore } from '../store/auth-store.ts'

/** What actions work with. */
export interface ActionContext {
  readonly http: Http
  readonly store: Pick<AuthStore, 'changed'>
}
