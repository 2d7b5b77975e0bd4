import { parseConstraints } from '@countersign/protocol'
import type { Capability } from './capability.ts'
import { directoryProblem, resolveDirectory } from './directory/options.ts'
import { dpopProblem } from './dpop/policy.ts'
import { isRateLimit, type RateLimit } from './limits/rates.ts'
import type { ResolvedAgentAuthOptions } from './options.ts'
import { CapabilitySchemas } from './schemas.ts'

/** Throws a `TypeError` with the first thing in the options that cannot work. */
export function checkOptions(
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
