import { badResponse } from './errors.ts'
import type { AgentContext } from './context.ts'
import { freshUntil, hour } from './freshness.ts'
import { askForCapabilities } from './list-capabilities.ts'
import type { CapabilitySource } from './list-capabilities.ts'
import { readCapability } from './wire.ts'
import type { CapabilityDetail } from './wire.ts'

/** Options of {@link describeCapability}. */
export interface DescribeCapabilityOptions extends CapabilitySource {
  readonly name: string
}

/** Fetches one capability with its input and output schemas (§6.3.1). */
export async function describeCapability(
  context: AgentContext,
  options: DescribeCapabilityOptions,
): Promise<CapabilityDetail> {
  const { body, headers } = await askForCapabilities(context, options, {
    endpoint: 'describe_capability',
    query: { name: options.name },
  })
  const capability = readCapability(body)
  if (capability.name !== options.name) throw badResponse('another capability')
  if (options.agentId !== undefined && options.issuer !== undefined) {
    const key = capabilityKey(options.issuer, options.agentId, options.name)
    context.capabilities.set(key, {
      value: capability,
      freshUntil: freshUntil(headers, context.clock.now(), { usual: hour / 12, most: hour }),
    })
  }
  return capability
}

/** Where a capability is remembered: answers differ by who asks (§10.6). */
export function capabilityKey(issuer: string, agentId: string, name: string): string {
  return JSON.stringify([new URL(issuer).origin, agentId, name])
}
