import { createHmac, timingSafeEqual } from 'node:crypto'

/** Seconds for which one nonce is handed out. */
const STEP = 60

/** How many steps a nonce counts after its own. */
const STEPS = 5

/**
 * The nonces of this server: a time, and a keyed digest of it.
 *
 * Replicas need not tell each other which they gave out, and nobody without the secret can know one
 * before its time. A nonce counts for five to six minutes.
 */
export class DpopNonces {
  readonly #secret: string
  #current: { readonly step: number; readonly nonce: string } | undefined

  constructor(secret: string) {
    this.#secret = secret
  }

  /** The nonce of the moment; `now` in milliseconds. */
  current(now: number): string {
    const step = stepOf(now)
    if (this.#current?.step !== step) this.#current = { step, nonce: this.#make(step) }
    return this.#current.nonce
  }

  /** Whether a nonce is one of this server's and not too old. */
  isGood(nonce: string, now: number): boolean {
    const [prefix = ''] = nonce.split('.')
    const step = Number.parseInt(prefix, 36)
    const age = stepOf(now) - step
    // The clock of another replica may be a little ahead.
    if (!(age >= -1 && age <= STEPS)) return false
    const expected = new TextEncoder().encode(this.#make(step))
    const presented = new TextEncoder().encode(nonce)
    return presented.length === expected.length && timingSafeEqual(presented, expected)
  }

  #make(step: number): string {
    const digest = createHmac('sha256', this.#secret).update(`dpop-nonce ${step}`).digest()
    return `${step.toString(36)}.${digest.toString('base64url').slice(0, 32)}`
  }
}

function stepOf(now: number): number {
  return Math.floor(now / 1000 / STEP)
}
