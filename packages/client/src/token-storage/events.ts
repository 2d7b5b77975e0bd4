import type { FailedHealth } from './health.ts'
import type { RecordName } from './record-key.ts'

/** Whose token an event is about. Never the token. */
interface About extends RecordName {
  readonly namespace: string
}

type Failed<Status> = Omit<Extract<FailedHealth, { status: Status }>, 'status'>

/** What happened in the vault. */
export type TokenEvent =
  /** The provider issued a new access token. */
  | (About & { readonly type: 'refreshed' })
  /** A refresh failed and will be tried again. */
  | (About & Failed<'retrying'> & { readonly type: 'refresh_failed' })
  /** The provider ended the grant: the person has to sign in again. */
  | (About & Failed<'reauthorise'> & { readonly type: 'reauthorise' })
  /** A token was removed; `revoked` tells whether the provider confirmed that it is void. */
  | (About & { readonly type: 'invalidated'; readonly revoked: boolean })
  /** This process read so many different records within so many seconds. */
  | {
      readonly type: 'bulk_read'
      readonly namespace: string
      readonly records: number
      readonly seconds: number
    }

/** Receives events. What it throws is dropped: what happened has happened. */
export type TokenEventListener = (event: TokenEvent) => void | Promise<void>

/** Tells a listener, without waiting for it. */
export function tell(listener: TokenEventListener | undefined, event: TokenEvent): void {
  void Promise.resolve(event)
    .then(listener)
    .catch(() => {})
}
