import { resolveConfig, type OAuthFlowConfig, type ResolvedConfig } from '../config.ts'
import type { BulkReadLimit } from './bulk-reads.ts'
import type { TokenEventListener } from './events.ts'
import { chooseSecrets } from './secrets.ts'

/** How a token vault works. */
export interface TokenStorageOptions {
  /**
   * The provider that issued the tokens; `{}` takes it from the environment. With it `get` refreshes
   * and `invalidate` revokes, without it neither happens. `timeout` limits a whole refresh.
   */
  config?: OAuthFlowConfig
  /**
   * Where the tokens of one integration are kept.
   *
   * @default 'oauth-tokens'
   */
  namespace?: string
  /**
   * What every key starts with: one tenant, or one application.
   *
   * @default ''
   */
  prefix?: string
  /**
   * What the tokens are encrypted with, the newest first: it encrypts, all of them decrypt. At least
   * 32 characters each.
   *
   * @default COUNTERSIGN_SECRET or BETTER_AUTH_SECRET; random for a store in memory
   */
  secrets?: string | readonly string[]
  /**
   * How long before its expiry a token is refreshed, in seconds, but a fifth of its lifetime at most.
   * Each token has its own moment in the first half of that time.
   *
   * @default 60
   */
  refreshEarly?: number
  /**
   * How many different records read within how many seconds raise the event `bulk_read`; `false` never.
   *
   * @default { records: 100, seconds: 60 }
   */
  bulkRead?: BulkReadLimit | false
  /** Hears what happens. Never given a token. */
  onEvent?: TokenEventListener
}

/** Options with every default in place. */
export interface ResolvedOptions {
  readonly config: ResolvedConfig | undefined
  readonly namespace: string
  readonly prefix: string
  readonly secrets: readonly string[]
  readonly refreshEarly: number
  readonly bulkRead: BulkReadLimit | false
  readonly onEvent: TokenEventListener | undefined
}

/** Completes the options and refuses what cannot work. `ephemeral`: the store ends with the process. */
export function resolveOptions(options: TokenStorageOptions, ephemeral: boolean): ResolvedOptions {
  const { namespace = 'oauth-tokens', prefix = '', refreshEarly = 60 } = options
  const { bulkRead = { records: 100, seconds: 60 } } = options
  if (namespace === '') throw new TypeError('KeyValueTokenStorage: `namespace` is empty.')
  if (!(refreshEarly >= 0)) throw new TypeError('KeyValueTokenStorage: `refreshEarly` is negative.')
  if (bulkRead && !(bulkRead.records > 0 && bulkRead.seconds > 0)) {
    throw new TypeError('KeyValueTokenStorage: `bulkRead` takes numbers above 0.')
  }
  return {
    config: options.config && resolveConfig(options.config),
    namespace,
    prefix,
    secrets: chooseSecrets(options.secrets, ephemeral),
    refreshEarly,
    bulkRead,
    onEvent: options.onEvent,
  }
}
