/** Why a command of an administrator, or a sign-in, did not work. Each has an exit code of its own. */
export type AccountErrorKind =
  | 'cancelled'
  | 'forbidden'
  | 'invalid'
  | 'network'
  | 'not_found'
  | 'not_signed_in'

interface AccountErrorOptions {
  /** The server's own code. @default the kind */
  readonly code?: string | undefined
  readonly cause?: unknown
}

/** A failure of the commands that act for a person who is signed in. */
export class AccountError extends Error {
  override readonly name = 'AccountError'
  readonly kind: AccountErrorKind
  readonly code: string

  constructor(kind: AccountErrorKind, message: string, options: AccountErrorOptions = {}) {
    super(message, { cause: options.cause })
    this.kind = kind
    this.code = options.code ?? kind
  }

  /** The same shape as every other error in JSON. */
  toJSON(): Record<string, unknown> {
    return { error: this.code, message: this.message }
  }
}
