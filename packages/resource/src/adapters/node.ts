import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AccessToken } from '../oauth/access-token.ts'
import type { McpAuth } from '../oauth/mcp.ts'
import { toFetchRequest } from './node-request.ts'
import { writeResponse } from './node-response.ts'

/** The largest body that is read, in bytes. */
const MAX_BODY = 1_000_000

/** A request that was let in, with the body that had to be read for it. */
export interface AdmittedRequest {
  readonly accessToken: AccessToken
  /** The JSON of the body, `undefined` without one: what `transport.handleRequest` takes third. */
  readonly body: unknown
}

/**
 * The guard for `http.createServer`: answers for the metadata document and refuses, both with `null`,
 * or lets the request in.
 */
export function mcpAuth(
  auth: McpAuth,
): (request: IncomingMessage, response: ServerResponse) => Promise<AdmittedRequest | null> {
  return async (request, response) => {
    const { url = '/' } = request
    const document = auth.answerMetadata(toFetchRequest({ raw: request, url, body: undefined }))
    const body = document ? undefined : await readBody(request)
    const refusal = document ?? (body === null ? TOO_LARGE() : null)
    if (refusal) return writeResponse(response, refusal).then(() => null)
    const admission = await auth.admit(toFetchRequest({ raw: request, url, body }))
    if (admission.response) return writeResponse(response, admission.response).then(() => null)
    for (const [name, value] of Object.entries(auth.corsHeaders)) response.setHeader(name, value)
    return { accessToken: admission.accessToken, body: parse(body) }
  }
}

const TOO_LARGE = () => new Response(null, { status: 413, headers: { connection: 'close' } })

/** The bytes of a body; `null` for one that is too large, which is read no further. */
async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined | null> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const bytes = chunk as Uint8Array
    size += bytes.length
    if (size > MAX_BODY) return null
    chunks.push(bytes)
  }
  return size === 0 ? undefined : new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer())
}

/** What is no JSON is for the server behind to refuse. */
function parse(body: Uint8Array | null | undefined): unknown {
  if (!body) return undefined
  try {
    return JSON.parse(new TextDecoder().decode(body)) as unknown
  } catch {
    return undefined
  }
}
