import { type ApprovalMethod, ciba, deviceAuthorization } from './approval-methods/index.ts'
import { checkOptions } from './check-options.ts'
import { dpopPolicy } from './dpop/policy.ts'
import { DEFAULT_LIMITS } from './limits/rates.ts'
import type { AgentAuthOptions, ResolvedAgentAuthOptions } from './options.ts'

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
  checkOptions(resolved, capabilities)
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
