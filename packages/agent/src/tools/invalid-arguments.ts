/** Arguments that do not fit a tool. The message says what is wrong, for a model to correct itself. */
export class InvalidArguments extends Error {
  override readonly name = 'InvalidArguments'
}
