import type { DiscoveryDocument } from '@countersign/protocol'
import { FetchRefused } from '../../guarded-fetch/fetch-refused.ts'
import type { GuardedFetch } from '../../guarded-fetch/guarded-fetch.ts'
import { type ListedCapability, readCapabilities, readProvider } from './read-provider.ts'

/** What a look at a service found: what to list, or why not to. */
export type Checked =
  | { readonly document: DiscoveryDocument; readonly capabilities: readonly ListedCapability[] }
  | { readonly problem: string }

/**
 * Fetches a service's discovery document and what it offers, and says whether it may be listed.
 *
 * The document must come from the origin itself, not from where the origin sends us.
 */
export async function checkProvider(fetchJson: GuardedFetch, origin: string): Promise<Checked> {
  try {
    const answer = await fetchJson(`${origin}/.well-known/agent-configuration`)
    if (answer.url.origin !== origin) return { problem: 'It redirects to another origin.' }
    const read = readProvider(answer.body, origin)
    if ('problem' in read) return read
    const url = new URL(read.document.endpoints.capabilities, origin).href
    return { ...read, capabilities: await fetchCapabilities(fetchJson, url) }
  } catch (error) {
    return { problem: problemOf(error) }
  }
}

/** What can be listed without signing in. A service may keep that to itself. */
async function fetchCapabilities(
  fetchJson: GuardedFetch,
  url: string,
): Promise<ListedCapability[]> {
  try {
    return readCapabilities((await fetchJson(url)).body)
  } catch (error) {
    if (error instanceof FetchRefused) return []
    throw error
  }
}

/** Names and addresses of our own network must not be told apart by what is said here. */
function problemOf(error: unknown): string {
  if (!(error instanceof FetchRefused)) throw error
  if (error.reason === 'status') return 'It has no discovery document.'
  if (error.reason === 'json') return 'Its discovery document is not JSON.'
  if (error.reason === 'size') return 'Its discovery document is too large.'
  return 'It cannot be reached over https.'
}
