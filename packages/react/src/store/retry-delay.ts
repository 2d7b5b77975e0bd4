const first = 1000
const longest = 60_000

/**
 * Milliseconds until a server that was away is asked again: 1, 2, 4 … 60 seconds, at least what it
 * asked for, and up to a quarter more so that tabs do not come back together.
 *
 * `failures` counts from 1; `random` lies in [0, 1).
 */
export function retryDelay(
  failures: number,
  retryAfter: number | undefined,
  random: number,
): number {
  const backoff = Math.min(longest, first * 2 ** Math.min(failures - 1, 16))
  const asked = Math.min((retryAfter ?? 0) * 1000, 60 * longest)
  return Math.max(backoff, asked) * (1 + random / 4)
}
