/** The command was called in a way that cannot work. The message says what to do instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError'

  /** The same shape as every other error in JSON. */
  toJSON(): Record<string, unknown> {
    return { error: 'usage', message: this.message }
  }
}
