/** Why a URL was not fetched, or its answer not taken. */
export type FetchRefusal =
  | 'url'
  | 'address'
  | 'redirect'
  | 'status'
  | 'size'
  | 'time'
  | 'json'
  | 'network'

/** A URL that somebody named was not fetched. `reason` is for logs and tests, never for that somebody. */
export class FetchRefused extends Error {
  override readonly name = 'FetchRefused'
  readonly reason: FetchRefusal

  constructor(reason: FetchRefusal, message: string, options: ErrorOptions = {}) {
    super(message, options)
    this.reason = reason
  }
}
