import { AgentClientError, badResponse } from './errors.ts'
import type { AgentContext, OperationOptions } from './context.ts'
import { fetchText } from './http.ts'
import { parseObject } from './json.ts'
import type { RawAnswer } from './http.ts'
import { readProvider } from './provider.ts'
import { freshUntil, hour } from './freshness.ts'
import { parseProviderUrl, tryParse } from './url.ts'
import type { Provider } from './wire.ts'

const discoveryPath = '/.well-known/agent-configuration'
const hopLimit = 4

/**
 * Fetches and checks a provider's discovery document (§5.1, §6.2.3).
 *
 * The document must name the very origin it came from as its issuer. A copy is kept for as long as
 * `Cache-Control` allows, an hour without one, a day at most; it also serves while the server cannot
 * be reached.
 */
export async function discoverProvider(
  context: AgentContext,
  url: string,
  options: OperationOptions = {},
): Promise<Provider> {
  const { origin } = parseProviderUrl(url)
  const known = context.providers.get(origin)
  if (known && known.freshUntil > context.clock.now()) return known.value
  try {
    const answer = await fetchDocument(context, origin, options)
    const provider = readProvider(readBody(answer, origin), origin)
    context.providers.set(origin, {
      value: provider,
      freshUntil: freshUntil(answer.headers, context.clock.now(), { usual: hour, most: 24 * hour }),
    })
    return provider
  } catch (error) {
    const unreachable = error instanceof AgentClientError && error.code === 'unreachable'
    // §10.5: a server that is away for a moment is still the server it was.
    if (known && unreachable && context.clock.now() - known.freshUntil < 24 * hour)
      return known.value
    throw error
  }
}

async function fetchDocument(
  context: AgentContext,
  origin: string,
  options: OperationOptions,
): Promise<RawAnswer> {
  let url = new URL(discoveryPath, origin)
  for (let hop = 0; hop < hopLimit; hop++) {
    const answer = await fetchText(context, {
      url,
      timeout: 10_000,
      sizeLimit: 1_000_000,
      ...options,
    })
    const location = answer.status >= 300 && answer.status < 400 && answer.headers.get('location')
    if (!location) return assertSameOrigin(answer, url, origin)
    url = parseRedirect(location, url)
  }
  throw badResponse('too many redirects')
}

/** Every hop is held to the rules of the first address: encrypted, or on this machine. */
function parseRedirect(location: string, from: URL): URL {
  const target = tryParse(location, from.href)
  if (!target) throw badResponse('a redirect')
  parseProviderUrl(target.href)
  return target
}

function assertSameOrigin(answer: RawAnswer, url: URL, origin: string): RawAnswer {
  if (url.origin === origin) return answer
  throw new AgentClientError(
    'issuer_mismatch',
    `${origin} sends you to ${url.origin}. If that is the service you mean, use its address.`,
    { details: { redirected_to: url.origin } },
  )
}

function readBody(answer: RawAnswer, origin: string): Record<string, unknown> {
  if (answer.status >= 500) {
    throw new AgentClientError('unreachable', `${origin} answered with status ${answer.status}.`)
  }
  const body = answer.status === 200 ? parseObject(answer.text) : undefined
  if (body) return body
  const found = answer.status === 200 ? 'something that is not JSON' : `status ${answer.status}`
  throw new AgentClientError(
    'bad_response',
    `${origin} does not offer Agent Auth: ${discoveryPath} answered with ${found}.`,
  )
}
