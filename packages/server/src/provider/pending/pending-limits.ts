import { ProtocolError } from '@countersign/protocol'
import { DEFAULT_LIMITS } from '../../agent-auth/limits/rates.ts'
import { Limits } from '../../agent-auth/limits.ts'
import { OAuthError } from '../oauth-error.ts'
import type { ProviderStore } from '../store/store.ts'

/** Seconds in which a person may type ten wrong codes, and be asked twenty times. */
const WINDOW = 600

/** Limits on guessing codes and on asking people, each counted exactly over all processes. */
export class PendingLimits {
  readonly #limits: Limits

  constructor({ sql }: Pick<ProviderStore, 'sql'>) {
    this.#limits = new Limits({
      limits: {
        ...DEFAULT_LIMITS,
        userCode: { window: WINDOW, max: 10 },
        notification: { window: WINDOW, max: 20 },
      },
      sql,
      onReached: async () => {},
      onError: () => {},
    })
  }

  /**
   * Counts a code that a person typed, before it is looked at: guessing in parallel gains nothing.
   * Throws a `ProtocolError` of status 429.
   */
  async countGuess(userId: string): Promise<void> {
    await this.#limits.countExactly('userCode', keyOf(userId))
  }

  /** Takes back a code that was right. */
  async takeBackGuess(userId: string): Promise<void> {
    await this.#limits.uncount('userCode', keyOf(userId))
  }

  /** Counts a request to a person (CIBA Core section 14). Throws an `OAuthError` of status 429. */
  async countRequest(userId: string): Promise<void> {
    await this.#limits.countExactly('notification', keyOf(userId)).catch((error: unknown) => {
      if (!(error instanceof ProtocolError)) throw error
      const { headers } = error
      const message = 'The person was asked too often. Try again later.'
      throw new OAuthError('temporarily_unavailable', message, { status: 429, headers })
    })
  }
}

/** Apart from what agents ask, which has limits of its own. */
function keyOf(userId: string): string {
  return `oauth ${userId}`
}
