import { ProtocolError } from '@countersign/protocol'

/** Remembers which JWTs were used. Several processes of one service share one store. */
export interface ReplayStore {
  /**
   * Records a key and says whether this is its first use, in one atomic step.
   *
   * `goodUntil`, in seconds since the epoch, is how long the key has to be remembered.
   */
  isFirstUse(key: string, goodUntil: number): boolean | Promise<boolean>
}

/**
 * A replay store in the memory of this process.
 *
 * When it is full it throws `unavailable`: what is forgotten too early could be used again.
 */
export function memoryReplayStore({ max = 100_000, now = () => Date.now() } = {}): ReplayStore {
  const seen = new Map<string, number>()
  let sweptAt = 0
  const sweep = (seconds: number) => {
    if (seconds - sweptAt < 10 && seen.size < max) return
    sweptAt = seconds
    for (const [key, goodUntil] of seen) if (goodUntil <= seconds) seen.delete(key)
  }
  return {
    isFirstUse(key, goodUntil) {
      const seconds = now() / 1000
      sweep(seconds)
      if (seen.has(key)) return false
      if (seen.size >= max) {
        throw new ProtocolError('unavailable', { headers: { 'retry-after': '5' } })
      }
      seen.set(key, goodUntil)
      return true
    },
  }
}
