import type { AgentContext, OperationOptions } from './context.ts'
import { ensureHost, hostToken } from './host.ts'
import { callServer } from './http.ts'
import { asText } from './json.ts'
import { resolveProvider } from './list-providers.ts'
import { endpoint } from './provider.ts'

/** Options of {@link enrollHost}. */
export interface EnrollOptions extends OperationOptions {
  /** The service's web address, or the name of a provider that is known already. */
  readonly provider: string
  /** What a person made on their account page. Good once. */
  readonly token: string
  /** What this machine is called, unless the person gave it a name. */
  readonly hostName?: string | undefined
}

/** This machine as the service knows it. */
export interface EnrolledHost {
  readonly issuer: string
  readonly provider_name: string
  readonly host_id: string
  readonly name: string | undefined
  /** What its agents get without asking anybody. */
  readonly default_capabilities: readonly string[]
}

/**
 * Connects this machine to the person who made the token (§2.8), without an approval.
 *
 * Agents connect under it afterwards, and get its default capabilities at once. Throws
 * `unauthorized` for a token that is unknown, used or expired.
 */
export async function enrollHost(
  context: AgentContext,
  { provider: name, token, hostName, signal }: EnrollOptions,
): Promise<EnrolledHost> {
  const provider = await resolveProvider(context, name, { signal })
  await ensureHost(context, provider)
  const { body } = await callServer(context, {
    url: endpoint(provider, 'enroll_host'),
    token: await hostToken(context, provider.issuer),
    body: { token, name: hostName },
    signal,
  })
  const defaults = body['default_capabilities']
  return {
    issuer: provider.issuer,
    provider_name: provider.name,
    host_id: asText(body['host_id']) ?? '',
    name: asText(body['name']),
    default_capabilities: Array.isArray(defaults)
      ? defaults.filter((one) => typeof one === 'string')
      : [],
  }
}
