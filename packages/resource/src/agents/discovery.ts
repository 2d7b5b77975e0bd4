import { discoveryDocumentSchema } from '@countersign/protocol'
import type { ResolvedOptions } from './options.ts'

type Discovering = Pick<ResolvedOptions, 'fetch' | 'issuer' | 'timeout' | 'url'>

/**
 * Finds the introspection endpoint: as configured, else from the discovery document, read once.
 *
 * The document counts only if its issuer is the origin it came from, and the endpoint only on that
 * origin: the secret goes there (specification, 8.9). A failure is tried again the next time.
 */
export function findIntrospection(options: Discovering): () => Promise<string> {
  let found: Promise<string> | undefined
  return () => {
    if (options.url !== undefined) return Promise.resolve(options.url)
    found ??= discover(options).catch((error: unknown) => {
      found = undefined
      throw error
    })
    return found
  }
}

async function discover({ fetch, issuer, timeout }: Discovering): Promise<string> {
  const response = await fetch(`${issuer}/.well-known/agent-configuration`, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(timeout),
  })
  if (response.status !== 200) throw new Error(`Discovery answered ${response.status}.`)
  const document = discoveryDocumentSchema.parse(await response.json())
  if (document.issuer.replace(/\/$/, '') !== issuer) {
    throw new Error(`${issuer} says that it is ${document.issuer}.`)
  }
  const { introspect } = document.endpoints
  if (introspect === undefined) throw new Error(`${issuer} has no introspection endpoint.`)
  const url = new URL(introspect, issuer)
  if (url.origin !== issuer) throw new Error(`${issuer} introspects elsewhere: ${url.origin}.`)
  return url.href
}
