const timeout = 10_000
const maxBytes = 1_000_000

/**
 * Fetches a JSON object from an endpoint of a configured provider.
 *
 * It throws when the answer is late, large, redirected, not a success or not an object; what it
 * throws repeats nothing of the answer.
 */
export async function fetchJson(
  url: string,
  init: Pick<RequestInit, 'method' | 'headers' | 'body'> = {},
): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    ...init,
    redirect: 'error',
    signal: AbortSignal.timeout(timeout),
  })
  const text = await readText(response)
  if (!response.ok) throw new Error(`${new URL(url).host} answered ${response.status}`)
  const body = parse(text)
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new Error(`${new URL(url).host} did not answer with a JSON object`)
  }
  return body as Record<string, unknown>
}

/** Counts while it reads: no header is believed about the length. */
async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw new Error('the answer of a provider is too large')
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
