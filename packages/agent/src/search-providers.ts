import { AgentClientError, badResponse } from './errors.ts'
import type { AgentContext, OperationOptions } from './context.ts'
import { discoverProvider } from './discover.ts'
import { callServer } from './http.ts'
import { asText, isRecord } from './json.ts'
import type { ProviderSummary } from './list-providers.ts'
import { readProvider } from './provider.ts'
import { parseProviderUrl, parseServerUrl, tryParse } from './url.ts'

/** Where to search, and how much to take. */
export interface SearchOptions extends OperationOptions {
  /** URL of the directory; `/api/search` is below it. */
  readonly directory: string
  /** @default 10 */
  readonly limit?: number | undefined
}

/** An entry of a directory that its own service does not confirm. Worth a warning. */
export interface RejectedProvider {
  readonly issuer: string
  readonly reason: string
}

/** What a directory found, and what of it was thrown away. */
export interface SearchResult {
  readonly providers: readonly ProviderSummary[]
  readonly rejected: readonly RejectedProvider[]
}

/**
 * Finds providers for an intent in a directory (§6.2.2, §6.11).
 *
 * A directory is not believed: each entry must be confirmed by the discovery document of the very
 * issuer it names, and that document is what is returned. A public directory cannot point into a
 * private network.
 */
export async function searchProviders(
  context: AgentContext,
  intent: string,
  options: SearchOptions,
): Promise<SearchResult> {
  const { limit = 10, signal } = options
  const url = searchUrl(options.directory)
  url.searchParams.set('intent', intent)
  url.searchParams.set('limit', String(limit))
  const { body } = await callServer(context, { url, signal, timeout: 10_000, sizeLimit: 1_000_000 })
  const entries = body['providers']
  if (!Array.isArray(entries)) throw badResponse('no list of providers')
  const checked = await Promise.all(
    entries.slice(0, limit).map((entry: unknown) => confirm(context, entry, { url, signal })),
  )
  return {
    providers: checked.filter((found) => 'name' in found),
    rejected: checked.filter((found) => 'reason' in found),
  }
}

function searchUrl(directory: string): URL {
  // Throws for what is neither encrypted nor on this machine.
  parseProviderUrl(directory)
  const url = tryParse(directory)
  if (!url) throw new AgentClientError('invalid_url', `"${directory}" is not a web address.`)
  return new URL(`${url.origin}${url.pathname.replace(/\/$/, '')}/api/search`)
}

async function confirm(
  context: AgentContext,
  entry: unknown,
  { url, signal }: { url: URL; signal: AbortSignal | undefined },
): Promise<ProviderSummary | RejectedProvider> {
  const claimed = isRecord(entry) ? (asText(entry['issuer']) ?? '') : ''
  try {
    const { origin } = parseServerUrl(claimed, url.origin)
    if (isRecord(entry)) readProvider(entry, origin)
    const { name, description, issuer } = await discoverProvider(context, origin, { signal })
    return { name, description, issuer }
  } catch (error) {
    if (error instanceof AgentClientError) return { issuer: claimed, reason: error.message }
    throw error
  }
}
