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
  const byOrigin = new Map<string, ProviderSummary>()
  const add = ({ name, description, issuer }: ProviderSummary): void => {
    byOrigin.set(new URL(issuer).origin, { name, description, issuer })
  }
  for (const host of await context.storage.hosts.list()) add({ ...host, name: host.provider_name })
  // A provider that was discovered just now describes itself better than an old record.
  for (const { value } of context.providers.values()) add(value)
  return [...byOrigin.values()]
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
  const problem = only ? 'names several providers' : 'names no known provider'
  throw new AgentClientError('invalid_url', `"${provider}" ${problem}. Use its web address.`)
}
