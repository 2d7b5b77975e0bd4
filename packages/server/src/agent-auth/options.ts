import type { AgentPrincipal } from '../authenticate/principal.ts'
import type { ApprovalMethod } from './approval-methods/index.ts'
import type { Capability, ExecuteContext } from './capability.ts'
import type { DirectoryOptions } from './directory/options.ts'
import type { AgentMode, Host } from './domain/model.ts'
import type { AgentEvent } from './domain/event.ts'
import type { DpopMode, DpopPolicy } from './dpop/policy.ts'
import type { RateLimits } from './limits/rates.ts'
import type { AgentAuthSchemaNames } from './schema.ts'

/** How URLs are fetched that hosts, agents and people name. */
export interface OutboundFetchOptions {
  /**
   * Also fetches from this machine, over http too. For development and tests; refused when
   * `NODE_ENV` is `production`.
   *
   * @default false
   */
  dangerouslyAllowLoopback?: boolean
}

/** An account, by its id or as a row, or nobody. */
export type AutonomousUser = string | { readonly id: string } | null | undefined

/** What `agentAuth()` and `createAuth({ agentAuth })` take. */
export interface AgentAuthOptions {
  /** Unique name of this service in discovery. @default 'countersign' */
  providerName?: string
  /** What this service does, in one sentence. @default '' */
  providerDescription?: string
  /** Registration modes on offer. @default ['delegated'] */
  modes?: readonly AgentMode[]
  /** What agents can be granted. @default [] */
  capabilities?: readonly Capability[]
  /** Runs capabilities that have no `execute` of their own. */
  onExecute?: (args: Record<string, unknown>, context: ExecuteContext) => unknown
  /** Whether listing capabilities takes a host or agent JWT. @default false */
  requireAuthForCapabilities?: boolean
  /** Which of the capabilities a caller sees, and may be granted. @default all */
  resolveCapabilities?: (context: {
    capabilities: readonly Capability[]
    agent: AgentPrincipal | null
    host: Host | null
  }) => readonly Capability[] | Promise<readonly Capability[]>
  /**
   * Finds what a query asks for among the capabilities the caller sees, best first (section 5.2).
   * What it adds to them is left out. @default every word occurs in the name or the description
   */
  resolveQuery?: (context: {
    query: string
    capabilities: readonly Capability[]
  }) => readonly Capability[] | Promise<readonly Capability[]>
  /** Names that are never granted. @default [] */
  blockedCapabilities?: readonly string[]
  /** A last word on requested names; `false` refuses the request. @default accepts */
  validateCapabilities?: (names: readonly string[]) => boolean | Promise<boolean>
  /** What agents under a host get without asking again, once a person linked it. @default [] */
  defaultHostCapabilities?:
    | readonly string[]
    | ((context: {
        mode: AgentMode
        userId: string | null
        hostName: string | null
      }) => readonly string[] | Promise<readonly string[]>)
  /**
   * For whom an autonomous agent acts: the id of an account, or `null` for nobody. Whoever offers
   * the mode `autonomous` must say.
   */
  resolveAutonomousUser?: (context: {
    hostId: string
    hostName: string | null
    agentId: string
    agentMode: AgentMode
  }) => AutonomousUser | Promise<AutonomousUser>
  /** Called after a host is linked to a person. What it throws is logged and changes nothing. */
  onHostClaimed?: (context: {
    hostId: string
    userId: string
    previousUserId: string | null
  }) => void | Promise<void>
  /**
   * Called after an autonomous agent was claimed, to hand over what it owns (section 2.10). What it
   * throws is logged and changes nothing.
   */
  onAutonomousAgentClaimed?: (context: {
    agentId: string
    agentName: string
    hostId: string
    userId: string
    /** What it was granted until then. */
    capabilities: readonly string[]
  }) => void | Promise<void>
  /**
   * Ways to reach a person; those of this package also by their names. Device authorization is
   * always among them. @default only that
   */
  approvalMethods?: readonly (ApprovalMethod | 'device_authorization' | 'ciba')[]
  /**
   * Chooses among them by id (section 7.5). An id that is not there or not available, and an error,
   * mean device authorization. @default what the agent prefers, else CIBA for a linked person
   */
  resolveApprovalMethod?: (context: {
    /** The person the host is linked to. */
    userId: string | null
    agentName: string
    /** The host, once a person linked it. */
    hostId: string | null
    /** What waits for a person. */
    capabilities: string[]
    /** What the agent would like: a hint, no more. */
    preferredMethod?: string
    supportedMethods: string[]
  }) => string | Promise<string>
  /** Path or URL of the page where people enter codes. @default '/auth/device' */
  deviceAuthorizationPage?: string
  /** How long, in seconds, an approval waits. @default 600 */
  approvalLifetime?: number
  /** Whether hosts nobody knows may register. @default true */
  allowDynamicHostRegistration?: boolean
  /** Lifetime in seconds of a grant given without a person, `null` for none. @default none */
  resolveGrantTTL?: (context: { capability: string; agentId: string }) => number | null | undefined
  /** How long, in seconds, an idle agent stays active; 0 for ever. @default 3600 */
  agentSessionTTL?: number
  /** How long, in seconds, an agent stays active without a new activation; 0 for ever. @default 86400 */
  agentMaxLifetime?: number
  /** How long, in seconds, an agent can exist; 0 for ever. @default 0 */
  absoluteLifetime?: number
  /**
   * How long, in seconds, agents and hosts wait for a person before they are deleted (sections 7.1
   * and 10.9). @default 86400
   */
  pendingLifetime?: number
  /** How many agents one person can have at a time. @default 100 */
  maxAgentsPerUser?: number
  /** How old, in seconds, a sign-in may be that decides about agents. @default 300 */
  freshSessionWindow?: number
  /**
   * How long, in seconds, a job may run, and how long its result is kept after it ended.
   *
   * @default 3600
   */
  jobLifetime?: number
  /** How long, in seconds, a stream may last (section 5.11). @default 300 */
  streamMaxDuration?: number
  /**
   * How often, in seconds, the database is asked whether agents with a job or a stream may go on;
   * changes made by the same process count at once. @default 5
   */
  revocationCheckInterval?: number
  /** How many executions one batch may hold. @default 50 */
  maxBatchSize?: number
  /** How long, in seconds, a JWT counts from its `iat`. @default 60 */
  jwtMaxAge?: number
  /** Passkey step-up. Needs the passkey plugin. @default relying party and origin of `baseURL` */
  proofOfPresence?: { rpId?: string; origin?: string | readonly string[] }
  /** Who may introspect: bearer secrets of resource servers, 32 characters or more each. @default nobody */
  introspectionSecrets?: readonly string[]
  /**
   * Proof of possession with DPoP (RFC 9449): whether an agent JWT may or must be bound to a second
   * key, with a proof in every request. `nonce` makes proofs carry a nonce of this server, so that
   * none can be made in advance. A capability can demand it alone, with `dpop: true`.
   *
   * @default { mode: 'optional', nonce: true }
   */
  dpop?: DpopMode | { mode: DpopMode; nonce?: boolean }
  /** Request limits, or `false` for none but those that capabilities have themselves. */
  rateLimit?: Partial<RateLimits> | false
  /**
   * Reads the caller's address, for limits only. Headers are never trusted on their own.
   *
   * @default no address
   */
  clientAddress?: (request: Request) => string | null
  /**
   * Whether callers' addresses, for limits only, come in the headers that Better Auth's
   * `advanced.ipAddress` names, in place of `clientAddress`. Name your proxies there, too
   * (`trustedProxies`): the address nearest to them counts, and a list without them counts as none.
   * Audiences never depend on a header.
   *
   * @default false
   */
  trustProxy?: boolean
  /** Other names for tables and columns, as in every Better Auth plugin. @default none */
  schema?: AgentAuthSchemaNames
  /** Called after an event is stored. What it throws is logged and changes nothing. */
  onEvent?: (event: AgentEvent) => void | Promise<void>
  /** Makes this server a directory of services. @default it is none */
  directory?: DirectoryOptions
  /** How this server fetches URLs that others name: published keys, listed services (section 8.12). */
  outboundFetch?: OutboundFetchOptions
  /** Weaker modes for software that leaves out what the specification demands. */
  compatibility?: {
    /** Accepts agent JWTs without `iss`. @default false */
    agentJwtWithoutIss?: boolean
  }
}

type Optional =
  | 'onExecute'
  | 'resolveCapabilities'
  | 'resolveQuery'
  | 'validateCapabilities'
  | 'resolveApprovalMethod'
  | 'resolveAutonomousUser'
  | 'onHostClaimed'
  | 'onAutonomousAgentClaimed'
  | 'onEvent'
  | 'directory'
  | 'schema'

/** The options with every default filled in. */
export interface ResolvedAgentAuthOptions
  extends
    Pick<AgentAuthOptions, Optional>,
    Required<
      Omit<
        AgentAuthOptions,
        Optional | 'approvalMethods' | 'capabilities' | 'rateLimit' | 'dpop' | 'compatibility'
      >
    > {
  readonly approvalMethods: readonly ApprovalMethod[]
  readonly capabilities: ReadonlyMap<string, Capability>
  readonly rateLimit: RateLimits | null
  readonly dpop: DpopPolicy
  readonly compatibility: { readonly agentJwtWithoutIss: boolean }
}
