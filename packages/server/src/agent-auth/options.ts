import { parseConstraints } from '@countersign/protocol'
import type { AgentPrincipal } from '../authenticate/principal.ts'
import { type ApprovalMethod, ciba, deviceAuthorization } from './approval-methods/index.ts'
import type { Capability, ExecuteContext } from './capability.ts'
import { type DirectoryOptions, directoryProblem, resolveDirectory } from './directory/options.ts'
import type { AgentMode, Host } from './domain/model.ts'
import { type DpopMode, dpopPolicy, type DpopPolicy, dpopProblem } from './dpop/policy.ts'
import type { AgentEvent } from './domain/event.ts'
import { DEFAULT_LIMITS, isRateLimit, type RateLimit, type RateLimits } from './limits/rates.ts'
import type { AgentAuthSchemaNames } from './schema.ts'
import { CapabilitySchemas } from './schemas.ts'

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
  approvalMethods?: readonly (ApprovalMethod | keyof typeof NAMED_METHODS)[]
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

/** Applies defaults and refuses a configuration that cannot work, before the first request. */
export function resolveOptions(options: AgentAuthOptions): ResolvedAgentAuthOptions {
  const { capabilities = [], rateLimit = {}, compatibility = {}, ...rest } = options
  const resolved = {
    providerName: 'countersign',
    providerDescription: '',
    modes: ['delegated' as const],
    requireAuthForCapabilities: false,
    blockedCapabilities: [],
    defaultHostCapabilities: [],
    deviceAuthorizationPage: '/auth/device',
    approvalLifetime: 600,
    allowDynamicHostRegistration: true,
    resolveGrantTTL: () => null,
    agentSessionTTL: 3600,
    agentMaxLifetime: 86_400,
    absoluteLifetime: 0,
    pendingLifetime: 86_400,
    maxAgentsPerUser: 100,
    freshSessionWindow: 300,
    jobLifetime: 3600,
    streamMaxDuration: 300,
    revocationCheckInterval: 5,
    maxBatchSize: 50,
    jwtMaxAge: 60,
    proofOfPresence: {},
    introspectionSecrets: [],
    outboundFetch: {},
    clientAddress: () => null,
    trustProxy: false,
    ...rest,
    approvalMethods: withBaseline(rest.approvalMethods),
    capabilities: new Map(capabilities.map((capability) => [capability.name, capability])),
    dpop: dpopPolicy(rest.dpop),
    rateLimit: rateLimit === false ? null : { ...DEFAULT_LIMITS, ...rateLimit },
    compatibility: { agentJwtWithoutIss: compatibility.agentJwtWithoutIss ?? false },
  }
  refuseNonsense(resolved, capabilities)
  return resolved
}

/** What an approval method can be called in the options, in place of making one. */
const NAMED_METHODS = { device_authorization: deviceAuthorization, ciba }

/** Every server has device authorization (specification, 7). */
function withBaseline(
  given: AgentAuthOptions['approvalMethods'] = ['device_authorization'],
): readonly ApprovalMethod[] {
  const methods = given.map((one) => (typeof one === 'string' ? namedMethod(one) : one))
  const baseline = deviceAuthorization()
  const complete = methods.length === 0 || methods.some(({ id }) => id === baseline.id)
  return complete ? methods : [...methods, baseline]
}

function namedMethod(name: string): ApprovalMethod {
  if (name === 'device_authorization' || name === 'ciba') return NAMED_METHODS[name]()
  throw new TypeError(`agentAuth: \`approvalMethods\` names \`${name}\`, which is not built in`)
}

function refuseNonsense(
  options: ResolvedAgentAuthOptions,
  capabilities: readonly Capability[],
): void {
  const problem =
    timeProblem(options) ??
    limitProblem(options) ??
    dpopProblem(options.dpop, capabilities) ??
    accessProblem(options) ??
    capabilityProblem(options, capabilities)
  if (problem) throw new TypeError(`agentAuth: ${problem}`)
}

function timeProblem(options: ResolvedAgentAuthOptions): string | undefined {
  const within = (name: keyof ResolvedAgentAuthOptions, min: number, max: number) => {
    const value = options[name]
    const fits = Number.isInteger(value) && Number(value) >= min && Number(value) <= max
    return fits ? undefined : `\`${name}\` must be a whole number from ${min} to ${max}`
  }
  const years = 10 * 366 * 86_400
  return (
    within('jwtMaxAge', 1, 300) ??
    within('jobLifetime', 1, 7 * 86_400) ??
    within('streamMaxDuration', 1, 86_400) ??
    within('revocationCheckInterval', 1, 60) ??
    within('maxBatchSize', 1, 1000) ??
    within('approvalLifetime', 30, 86_400) ??
    within('agentSessionTTL', 0, years) ??
    within('agentMaxLifetime', 0, years) ??
    within('absoluteLifetime', 0, years) ??
    within('pendingLifetime', 60, years) ??
    within('freshSessionWindow', 1, 86_400) ??
    within('maxAgentsPerUser', 1, 1_000_000)
  )
}

function limitProblem({ rateLimit, capabilities }: ResolvedAgentAuthOptions): string | undefined {
  const wrong = Object.entries(rateLimit ?? {}).find(
    ([, limit]: [string, RateLimit]) => !isRateLimit(limit),
  )
  if (wrong) return `\`rateLimit.${wrong[0]}\` needs \`max\` and \`window\` of 1 or more`
  const own = [...capabilities.values()].find(
    ({ rateLimit: limit }) => limit && !isRateLimit(limit),
  )
  return own && `\`rateLimit\` of \`${own.name}\` needs \`max\` and \`window\` of 1 or more`
}

function accessProblem(options: ResolvedAgentAuthOptions): string | undefined {
  if (options.modes.length === 0) return '`modes` must name at least one mode'
  if (options.modes.includes('autonomous') && !options.resolveAutonomousUser) {
    return '`modes`: `autonomous` needs `resolveAutonomousUser`'
  }
  if (options.introspectionSecrets.some((secret) => secret.length < 32)) {
    return 'each of `introspectionSecrets` must have 32 characters or more'
  }
  if (options.outboundFetch.dangerouslyAllowLoopback && process.env['NODE_ENV'] === 'production') {
    return '`outboundFetch.dangerouslyAllowLoopback` is not for production'
  }
  const ofDirectory = directoryProblem(resolveDirectory(options.directory))
  if (ofDirectory) return ofDirectory
  return approvalMethodProblem(options)
}

function approvalMethodProblem({ approvalMethods }: ResolvedAgentAuthOptions): string | undefined {
  const ids = approvalMethods.map(({ id }) => id)
  if (ids.length === 0) return '`approvalMethods` must not be empty'
  if (new Set(ids).size !== ids.length) return '`approvalMethods` contains a method twice'
  const strange = ids.find((id) => !/^[\w.:-]{1,64}$/.test(id))
  return strange === undefined ? undefined : `"${strange}" is not the id of an approval method`
}

function capabilityProblem(
  options: ResolvedAgentAuthOptions,
  capabilities: readonly Capability[],
): string | undefined {
  if (options.capabilities.size !== capabilities.length) {
    return '`capabilities` contains a name twice'
  }
  const nameless = capabilities.find(({ name }) => !/^[\w.:/-]{1,256}$/.test(name))
  if (nameless) return `"${nameless.name}" is not a capability name`
  const idle = capabilities.find(({ execute, location }) => !execute && !location)
  if (idle && !options.onExecute) {
    return `the capability \`${idle.name}\` needs \`execute\`, \`location\` or \`onExecute\``
  }
  const { defaultHostCapabilities: defaults } = options
  const unknown =
    typeof defaults === 'function'
      ? undefined
      : defaults.find((name) => !options.capabilities.has(name))
  if (unknown !== undefined)
    return `\`defaultHostCapabilities\` names \`${unknown}\`, which is not offered`
  return firstProblem(capabilities)
}

/** What is wrong with the limits and schemas of the first capability that has something wrong. */
function firstProblem(capabilities: readonly Capability[]): string | undefined {
  const schemas = new CapabilitySchemas()
  for (const capability of capabilities) {
    const problem = constraintProblem(capability) ?? schemas.problem(capability)
    if (problem) return `the capability \`${capability.name}\`: ${problem}`
  }
  return undefined
}

function constraintProblem({ constraints }: Capability): string | undefined {
  try {
    if (constraints) parseConstraints(constraints)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : 'its constraints are wrong'
  }
}
