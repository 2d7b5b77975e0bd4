const MILLION = 1_000_000

/**
 * An amount in millionths, or `null` when it cannot be counted: not a number, negative, finer than
 * a millionth, or too large to add up exactly.
 *
 * A negative amount would fill the budget up again, so it counts as no amount at all.
 */
export function toMillionths(amount: unknown): number | null {
  if (typeof amount !== 'number' || !(amount >= 0)) return null
  const millionths = Math.round(amount * MILLION)
  if (!Number.isSafeInteger(millionths)) return null
  return millionths / MILLION === amount ? millionths : null
}

export function fromMillionths(millionths: number): number {
  return millionths / MILLION
}
