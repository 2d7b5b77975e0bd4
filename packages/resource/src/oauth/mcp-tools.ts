import { ProtocolError, readJsonBody } from '@countersign/protocol'
import { AccessTokenError } from './error.ts'

/** What each tool of an MCP server needs: one scope or several. */
export type ToolScopes = Readonly<Record<string, string | readonly string[]>>

/** The name that stands for every tool the table does not name. */
const OTHERS = '*'

/** The scopes of every tool, ready to be asked. */
export class ToolTable {
  readonly #scopes: ReadonlyMap<string, readonly string[]>

  constructor(table: ToolScopes) {
    // A map, so that no tool is called `constructor`.
    this.#scopes = new Map(
      Object.entries(table).map(([tool, scopes]) => [
        tool,
        typeof scopes === 'string' ? [scopes] : scopes,
      ]),
    )
  }

  /** Every scope the table names. */
  get all(): readonly string[] {
    return [...this.#scopes.values()].flat()
  }

  /**
   * What a request needs: the scopes of every tool it calls, none where it calls no tool.
   *
   * Throws `access_denied` for a tool that the table leaves out, `invalid_request` for a body that is
   * no JSON: what cannot be read cannot be allowed. The request itself stays unread.
   */
  async needed(request: Request): Promise<readonly string[]> {
    if (request.method !== 'POST') return []
    const body = await readBody(request.clone())
    const messages: readonly unknown[] = Array.isArray(body) ? body : [body]
    return messages.flatMap((message) => this.#ofMessage(message))
  }

  #ofMessage(message: unknown): readonly string[] {
    const { method, params } = Object(message) as Record<string, unknown>
    if (method !== 'tools/call') return []
    const { name } = Object(params) as Record<string, unknown>
    const scopes = typeof name === 'string' ? this.#scopes.get(name) : undefined
    const needed = scopes ?? this.#scopes.get(OTHERS)
    if (needed) return needed
    throw new AccessTokenError('access_denied', 'No token opens a tool that has no scope here.')
  }
}

async function readBody(request: Request): Promise<unknown> {
  try {
    return await readJsonBody(request)
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    if (cause.code === 'payload_too_large') {
      throw new AccessTokenError('payload_too_large', 'The body is too large.', { cause })
    }
    throw new AccessTokenError('invalid_request', 'The body is not JSON.', { cause })
  }
}
