import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  createMcpHandler,
  hostHeaderValidationResponse,
  isLegacyRequest,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  originValidationResponse,
} from '@modelcontextprotocol/server'
import { UsageError } from '../usage-error.ts'
import { hasToken } from './http-token.ts'
import { LegacySessions } from './legacy-sessions.ts'
import { answerWith } from './node-bridge.ts'
import type { Handler } from './node-bridge.ts'
import { createToolServer } from './tool-server.ts'
import type { ToolServerOptions } from './tool-server.ts'

/** This machine alone: what is here acts for the person. */
const address = '127.0.0.1'
const path = '/mcp'

/** How to serve over HTTP. */
export interface ServeHttpOptions extends ToolServerOptions {
  /** 0 takes any that is free. */
  readonly port: number
  readonly token: string
}

/** Serves hosts of this machine over Streamable HTTP. */
export async function serveHttp(
  options: ServeHttpOptions,
): Promise<{ url: string; close(): Promise<void> }> {
  const sessions = new LegacySessions(() => createToolServer(options))
  const current = createMcpHandler(() => createToolServer(options), { legacy: 'reject' })
  const stop = options.surface.onChanged(() => current.notify.toolsChanged())
  const handler = guarded(options.token, async (request) =>
    (await isLegacyRequest(request)) ? sessions.handle(request) : current.fetch(request),
  )
  const server = createServer((incoming, outgoing) => {
    answerWith(handler, incoming, outgoing).catch(() => outgoing.destroy())
  })
  server.listen(options.port, address)
  await once(server, 'listening').catch((error: unknown) => {
    throw new UsageError(`Port ${options.port} cannot be used (${codeOf(error)}).`)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${address}:${port}${path}`,
    async close() {
      stop()
      await Promise.all([sessions.close(), current.close()])
      server.closeAllConnections()
      server.close()
    },
  }
}

/**
 * Lets through what a host of this machine sends: addressed to this machine, from no web page of
 * another origin, with the token. A page that points a name of its own here fails at the first.
 */
function guarded(token: string, handler: Handler): Handler {
  return async (request) => {
    const refused =
      hostHeaderValidationResponse(request, localhostAllowedHostnames()) ??
      originValidationResponse(request, localhostAllowedOrigins())
    if (refused) return refused
    if (!hasToken(request, token)) {
      const headers = { 'www-authenticate': 'Bearer' }
      return Response.json({ error: 'unauthorized' }, { status: 401, headers })
    }
    if (new URL(request.url).pathname === path) return handler(request)
    return Response.json({ error: 'not_found' }, { status: 404 })
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason'
}
