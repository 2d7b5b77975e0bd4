import { parseConstraints } from '@countersign/protocol'
import type { AgentPrincipal } from '../authenticate/principal.ts'
import { type ApprovalMethod, deviceAuthorization } from './approval-methods/index.ts'
import type { Capability, ExecuteContext } from './capability.ts'
import type { AgentMode, Host } from './domain/model.ts'
import type { AgentEvent } from './domain/event.ts'
import { CapabilitySchemas } from './schemas.ts'

/** At most `max` requests in `window` seconds. */
export interface RateLimit {
  window: number
  max: number
}

/** Limits of section 8.13. Each counts on its own; an address never counts for an agent. */
export interface RateLimits {
  /** Requests of one agent. @default 600 in 60 seconds */
  agent: RateLimit
  /** Requests of one host. @default 300 in 60 seconds */
  host: RateLimit
  /** Registrations from one address. @default 30 in 60 seconds */
  registration: RateLimit
  /** Wrong user codes from one person. @default 10 in 600 seconds */
  userCode: RateLimit
}

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
  /** Ways to reach a person. The first is the default one. @default device authorization */
  approvalMethods?: readonly ApprovalMethod[]
  /** Path or URL of the page where people enter codes. @default '/auth/device' */
  deviceAuthorizationPage?: string
  /** How long, in seconds, an approval waits. @default 600 */
  approvalLifetime?: number
  /** Whether hosts nobody knows may register. @default true */
  allowDynamicHostRegistration?: boolean
  /** Lifetime in seconds of a grant given without a person, `null` for none. @default none */
  resolveGrantTTL?: (context: { capability: string }) => number | null
  /** How long, in seconds, an idle agent stays active; 0 for ever. @default 3600 */
  agentSessionTTL?: number
  /** How long, in seconds, an agent stays active without a new activation; 0 for ever. @default 86400 */
  agentMaxLifetime?: number
  /** How long, in seconds, an agent can exist; 0 for ever. @default 0 */
  absoluteLifetime?: number
  /** How many agents one person can have at a time. @default 100 */
  maxAgentsPerUser?: number
  /** How old, in seconds, a sign-in may be that decides about agents. @default 300 */
  freshSessionWindow?: number
  /** How long, in seconds, a JWT counts from its `iat`. @default 60 */
  jwtMaxAge?: number
  /** Passkey step-up. Needs the passkey plugin. @default relying party and origin of `baseURL` */
  proofOfPresence?: { rpId?: string; origin?: string | readonly string[] }
  /** Who may introspect: bearer secrets of resource servers, 32 characters or more each. @default nobody */
  introspectionSecrets?: readonly string[]
  /** Request limits, or `false` for none. */
  rateLimit?: Partial<RateLimits> | false
  /**
   * Reads the caller's address, for limits only. Headers are never trusted on their own.
   *
   * @default no address
   */
  clientAddress?: (request: Request) => string | null
  /** Called after an event is stored. What it throws is logged and changes nothing. */
  onEvent?: (event: AgentEvent) => void | Promise<void>
  /** Weaker modes for software that leaves out what the specification demands. */
  compatibility?: {
    /** Accepts agent JWTs without `iss`. @default false */
    agentJwtWithoutIss?: boolean
  }
}

type Optional = 'onExecute' | 'resolveCapabilities' | 'validateCapabilities' | 'onEvent'

export interface ResolvedAgentAuthOptions
  extends
    Pick<AgentAuthOptions, Optional>,
    Required<Omit<AgentAuthOptions, Optional | 'capabilities' | 'rateLimit' | 'compatibility'>> {
  readonly capabilities: ReadonlyMap<string, Capability>
  readonly rateLimit: RateLimits | null
  readonly compatibility: { readonly agentJwtWithoutIss: boolean }
}

const DEFAULT_LIMITS: RateLimits = {
  agent: { window: 60, max: 600 },
  host: { window: 60, max: 300 },
  registration: { window: 60, max: 30 },
  userCode: { window: 600, max: 10 },
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
    approvalMethods: [deviceAuthorization()],
    deviceAuthorizationPage: '/auth/device',
    approvalLifetime: 600,
    allowDynamicHostRegistration: true,
    resolveGrantTTL: () => null,
    agentSessionTTL: 3600,
    agentMaxLifetime: 86_400,
    absoluteLifetime: 0,
    maxAgentsPerUser: 100,
    freshSessionWindow: 300,
    jwtMaxAge: 60,
    proofOfPresence: {},
    introspectionSecrets: [],
    clientAddress: () => null,
    ...rest,
    capabilities: new Map(capabilities.map((capability) => [capability.name, capability])),
    rateLimit: rateLimit === false ? null : { ...DEFAULT_LIMITS, ...rateLimit },
    compatibility: { agentJwtWithoutIss: compatibility.agentJwtWithoutIss ?? false },
  }
  refuseNonsense(resolved, capabilities)
  return resolved
}

function refuseNonsense(
  options: ResolvedAgentAuthOptions,
  capabilities: readonly Capability[],
): void {
  const problem =
    timeProblem(options) ??
    limitProblem(options) ??
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
    within('approvalLifetime', 30, 86_400) ??
    within('agentSessionTTL', 0, years) ??
    within('agentMaxLifetime', 0, years) ??
    within('absoluteLifetime', 0, years) ??
    within('freshSessionWindow', 1, 86_400) ??
    within('maxAgentsPerUser', 1, 1_000_000)
  )
}

function limitProblem({ rateLimit }: ResolvedAgentAuthOptions): string | undefined {
  const wrong = Object.entries(rateLimit ?? {}).find(
    ([, { max, window }]: [string, RateLimit]) =>
      !Number.isInteger(max) || max < 1 || !Number.isInteger(window) || window < 1,
  )
  return wrong && `\`rateLimit.${wrong[0]}\` needs \`max\` and \`window\` of 1 or more`
}

function accessProblem(options: ResolvedAgentAuthOptions): string | undefined {
  if (options.modes.length === 0) return '`modes` must name at least one mode'
  if (options.modes.includes('autonomous')) return '`modes`: `autonomous` is not supported yet'
  if (options.introspectionSecrets.some((secret) => secret.length < 32)) {
    return 'each of `introspectionSecrets` must have 32 characters or more'
  }
  if (options.approvalMethods[0] === undefined) return '`approvalMethods` must not be empty'
  return undefined
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
