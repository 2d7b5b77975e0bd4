import { listCapabilitiesQuerySchema, parseWith, ProtocolError } from '@countersign/protocol'
import { listingFor } from '../caller.ts'
import type { Capability } from '../capability.ts'
import type { AgentAuthContext } from '../context.ts'
import type { ProtocolRoute } from '../http.ts'

/** `GET /capability/list`: what this server offers, a page at a time (specification, 5.2). */
export const listCapabilities: ProtocolRoute = {
  method: 'GET',
  path: '/capability/list',
  async handle(request) {
    const { query, cursor, limit = 100 } = parseWith(listCapabilitiesQuerySchema, request.query)
    const { capabilities, grantStatus } = await listingFor(request)
    const start = readCursor(cursor)
    const found = query ? await search(request.context, capabilities, query) : capabilities
    const page = found.slice(start, start + limit)
    const next = start + page.length < found.length ? String(start + page.length) : null
    return {
      headers: { 'cache-control': grantStatus ? 'no-store' : 'private, max-age=300' },
      body: {
        capabilities: page.map(({ name, description, location, dpop }) => ({
          name,
          description,
          ...(location && { location }),
          ...(dpop && { dpop }),
          ...(grantStatus && { grant_status: grantStatus(name) }),
        })),
        next_cursor: next,
        has_more: next !== null,
      },
    }
  },
}

function readCursor(cursor: string | undefined): number {
  if (cursor === undefined) return 0
  if (/^\d{1,9}$/.test(cursor)) return Number(cursor)
  throw new ProtocolError('invalid_request', { message: 'The cursor is not one of this server.' })
}

/** What a query finds, never more than the caller sees. */
async function search(
  { options: { resolveQuery } }: AgentAuthContext,
  capabilities: readonly Capability[],
  query: string,
): Promise<readonly Capability[]> {
  if (!resolveQuery) return capabilities.filter((capability) => matches(capability, query))
  const visible = new Map(capabilities.map((capability) => [capability.name, capability]))
  const found = new Set((await resolveQuery({ query, capabilities })).map(({ name }) => name))
  return [...found].flatMap((name) => visible.get(name) ?? [])
}

/** Every word of the query occurs in the name or the description. Plain text, never a pattern. */
function matches({ name, title = '', description }: Capability, query: string): boolean {
  const text = `${name} ${name.replaceAll('_', ' ')} ${title} ${description}`.toLowerCase()
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}
