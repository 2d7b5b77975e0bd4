import { randomUUID } from 'node:crypto'
import { isLoopback, ProtocolError } from '@countersign/server'
import type { Auth, DevelopmentInbox } from '@countersign/server'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { ConsoleFiles } from './console-files.ts'
import { inboxPages } from './inbox.ts'
import { log } from './log.ts'
import { securityHeaders } from './security-headers.ts'
import { version } from './version.ts'

const bodySize = 1_000_000

/** What the application is made of. */
export interface AppParts {
  readonly auth: Pick<Auth, 'handler' | '$ping'>
  readonly consoleFiles: ConsoleFiles
  readonly baseURL: string
  /** Whether only this machine can reach the server; then only its own names are answered. */
  readonly loopbackOnly: boolean
  /** E-mails that were kept instead of sent, to be shown at `/dev/inbox`. */
  readonly inbox?: DevelopmentInbox | undefined
  /** Answers MCP clients at `/mcp`, and with the metadata of that resource. */
  readonly mcp?: ((request: Request) => Promise<Response>) | undefined
}

/** Everything the server answers: the authority, its console and its health. */
export function createApp({ auth, consoleFiles, baseURL, loopbackOnly, inbox, mcp }: AppParts) {
  const headers = securityHeaders(baseURL.startsWith('https:'))
  const app = new Hono<{ Variables: { requestId: string } }>()

  app.use(async (c, next) => {
    c.set('requestId', randomUUID())
    // A page elsewhere can point its own name at this machine; it must not get answers.
    if (loopbackOnly && !isOwnName(c.req.header('host'), baseURL)) c.res = c.text('', 421)
    else await next()
    c.header('x-request-id', c.get('requestId'))
    for (const [name, value] of Object.entries(headers)) c.header(name, value)
  })

  app.use(
    bodyLimit({
      maxSize: bodySize,
      // What is left of the body is not read, so the connection cannot be used again.
      onError: () =>
        problem(new ProtocolError('payload_too_large', { headers: { connection: 'close' } })),
    }),
  )

  app.get('/health', async (c) => {
    c.header('cache-control', 'no-store')
    const database = await auth.$ping().then(
      () => 'ok',
      () => 'unavailable',
    )
    const status = database === 'ok' ? 'ok' : 'unavailable'
    return c.json({ status, database, version }, status === 'ok' ? 200 : 503)
  })

  app.all('/api/auth/*', (c) => uncached(auth.handler(c.req.raw)))

  if (mcp) {
    app.all('/mcp', (c) => mcp(c.req.raw))
    app.all('/.well-known/oauth-protected-resource/mcp', (c) => mcp(c.req.raw))
    app.all('/.well-known/oauth-protected-resource', (c) => mcp(c.req.raw))
  }
  // Its documents stand at the origin (RFC 8615), and answer preflights of other origins.
  app.all('/.well-known/*', (c) => auth.handler(c.req.raw))

  if (inbox) app.route('/dev/inbox', inboxPages(inbox, baseURL))

  app.get('*', (c) => {
    const { path } = c.req
    const page = acceptsPage(c.req.header('accept')) && !isReserved(path)
    return consoleFiles(path, page) ?? c.notFound()
  })

  app.notFound((c) => c.text('Not found\n', 404))
  app.onError((error, c) => {
    const id = c.get('requestId')
    if (error instanceof ProtocolError) return problem(error)
    log('error', `Request ${id} failed`, error)
    const message = `The server failed. The operator finds the reason in the log under ${id}.`
    return problem(new ProtocolError('internal_error', { message }))
  })
  return app
}

function problem(error: ProtocolError): Response {
  return Response.json(error.toJSON(), {
    status: error.status,
    headers: { 'cache-control': 'no-store', ...error.headers },
  })
}

/** Answers about accounts are kept by no cache, unless the route says so itself. */
async function uncached(answer: Promise<Response>): Promise<Response> {
  const response = await answer
  if (response.headers.has('cache-control')) return response
  const headers = new Headers(response.headers)
  headers.set('cache-control', 'no-store')
  return new Response(response.body, { status: response.status, headers })
}

function acceptsPage(accept: string | undefined): boolean {
  return accept?.includes('text/html') === true
}

/** Whether a path means the API, however it is written: such a path is never a page. */
function isReserved(path: string): boolean {
  const plain = path.replace(/%2f/gi, '/').replace(/[/\\]+/g, '/')
  return plain !== path || /^\/(api|\.well-known|health|dev)(\/|$)/i.test(plain)
}

function isOwnName(host: string | undefined, baseURL: string): boolean {
  if (!host || !URL.canParse(`http://${host}`)) return false
  const { hostname } = new URL(`http://${host}`)
  return isLoopback(hostname) || hostname === new URL(baseURL).hostname
}
