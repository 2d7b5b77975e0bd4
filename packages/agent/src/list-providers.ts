import { AgentClientError } from './errors.ts'
import type { AgentContext, OperationOptions } from './context.ts'
import { discoverProvider } from './discover.ts'
import type { Provider } from './wire.ts'

/** A provider in a listing (§6.2.1). */
export interface ProviderSummary {
  readonly name: string
  readonly description: string
  readonly issuer: string
}

/** Lists the providers this client discovered in this process or holds a key for. */
export async function listProviders(context: AgentContext): Promise<ProviderSummary[]> {
  const hosts = await context.storage.hosts.list()
  const known = hosts.map((host) => ({ ...host, name: host.provider_name }))
  const discovered = [...context.providers.values()].map(({ value }) => value)
  // A provider that was discovered just now describes itself better than an old record.
  const byOrigin = [...known, ...discovered].map(
    ({ name, description, issuer }) =>
      [new URL(issuer).origin, { name, description, issuer }] as const,
  )
  return [...new Map(byOrigin).values()]
}

/** Finds a provider by URL, or by the name of one that is known already. */
export async function resolveProvider(
  context: AgentContext,
  provider: string,
  options: OperationOptions = {},
): Promise<Provider> {
  if (/[.:/]|^localhost$/.test(provider)) return discoverProvider(context, provider, options)
  const named = (await listProviders(context)).filter(({ name }) => name === provider)
  const [only] = named
  if (only && named.length === 1) return discoverProvider(context, only.issuer, options)
  const problem = only ? 'is the name of several providers' : 'is not a provider this client knows'
  throw new AgentClientError('invalid_url', `"${provider}" ${problem}. Use its web address.`)
}
