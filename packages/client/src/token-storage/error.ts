/** Why the vault cannot answer. */
export type TokenVaultErrorCode = 'unreadable'

const messages = {
  unreadable: 'A stored token cannot be opened: its secret is missing, or it was altered or moved.',
} as const satisfies Record<TokenVaultErrorCode, string>

/** A failure of the vault itself. Message and cause hold no token and no secret. */
export class TokenVaultError extends Error {
  override readonly name = 'TokenVaultError'
  readonly code: TokenVaultErrorCode

  constructor(code: TokenVaultErrorCode, options?: ErrorOptions) {
    super(messages[code], options)
    this.code = code
  }
}
