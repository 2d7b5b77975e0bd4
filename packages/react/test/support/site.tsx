import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAdaptorServer, type HttpBindings } from '@hono/node-server'
import { build } from 'esbuild'
import { renderToString } from 'react-dom/server'
import { freePort } from '../../../../testing/free-port.ts'
import { createAuth, developmentInbox, type AuthOptions } from '../../../server/src/index.ts'
import { placeEmptyDatabase } from '../../../server/test/support/embedded-template.ts'
import { publicSession } from '../../src/index.ts'
import { App } from './app.tsx'

type TestAuth = Pick<ReturnType<typeof createAuth>, 'handler' | '$close' | '$context'>

/** The application of the tests on a real server with the embedded database. */
export interface Site {
  readonly origin: string
  readonly auth: TestAuth
  readonly inbox: ReturnType<typeof developmentInbox>
  /** Paths of the requests to the server's endpoints, in order. */
  readonly asked: string[]
  /** What happens to requests: `refusing` answers 503 as for a database that is away, `gone` hangs up. */
  mode: 'up' | 'refusing' | 'gone'
  close(): Promise<void>
}

interface SiteOptions extends AuthOptions {
  readonly withMail?: boolean
  readonly port?: number
}

/** Starts it on a free port. With `mail`, addresses have to be confirmed. */
export async function openSite(options: SiteOptions = {}): Promise<Site> {
  const { withMail = false, port = await freePort(), ...authOptions } = options
  const script = await bundle()
  const styles = readFileSync(new URL('../../src/theme.css', import.meta.url), 'utf8')
  const origin = `http://localhost:${port}`
  const dataDir = mkdtempSync(join(tmpdir(), 'countersign-react-'))
  await placeEmptyDatabase(dataDir)
  const inbox = developmentInbox()
  const auth = createAuth({
    baseURL: origin,
    dataDir,
    rateLimit: false,
    appName: 'Example',
    ...(withMail && { mail: { transport: inbox } }),
    ...authOptions,
  })
  await auth.$ready
  const site: Site = {
    origin,
    auth,
    inbox,
    asked: [],
    mode: 'up',
    close: async () => {
      server.close()
      if ('closeAllConnections' in server) server.closeAllConnections()
      await auth.$close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
  const answer = async (request: Request, { incoming }: HttpBindings): Promise<Response> => {
    const { pathname, search } = new URL(request.url)
    if (pathname.startsWith('/api/auth/')) {
      if (site.mode === 'gone') incoming.socket.destroy()
      site.asked.push(pathname.slice('/api/auth'.length))
      return site.mode === 'up' ? auth.handler(request) : unavailable()
    }
    if (pathname === '/app.js') return text(script, 'text/javascript')
    if (pathname === '/theme.css') return text(styles, 'text/css')
    if (pathname === '/favicon.ico') return new Response(null, { status: 204 })
    return text(await page(pathname + search, request, auth), 'text/html')
  }
  const server = createAdaptorServer({
    fetch: (request, bindings) => answer(request, bindings as HttpBindings),
  })
  await new Promise<void>((resolve) => server.listen(port, 'localhost', resolve))
  return site
}

function unavailable(): Response {
  const body = { error: 'unavailable', message: 'The database is away.' }
  return Response.json(body, { status: 503, headers: { 'retry-after': '1' } })
}

function text(body: string, type: string): Response {
  return new Response(body, { headers: { 'content-type': `${type}; charset=utf-8` } })
}

/** With `ssr` in the query the server renders, too, for the person whose cookie came along. */
async function page(url: string, request: Request, auth: TestAuth): Promise<string> {
  const rendered = url.includes('ssr') ? await render(url, request, auth) : ''
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Example</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/theme.css"><style>${pageStyles}</style></head>
<body>${rendered || '<div id="root"></div>'}<script type="module" src="/app.js"></script></body></html>`
}

async function render(url: string, request: Request, auth: TestAuth): Promise<string> {
  const asked = new Request(`${new URL(request.url).origin}/api/auth/get-session`, request)
  const answer: unknown = await (await auth.handler(asked)).json()
  const initialSession = publicSession(answer)
  const html = renderToString(<App url={url} initialSession={initialSession} />)
  const json = JSON.stringify(initialSession ?? null).replace(/</g, '\\u003c')
  return `<div id="root">${html}</div><script>initialSession=${json}</script>`
}

const pageStyles = `
:root { color-scheme: light dark; background: light-dark(#f4f6f5, #0c1314); }
body { margin: 0; padding: 1.5rem 1rem; font-family: 'Open Sans', system-ui, sans-serif; }
header { color: light-dark(#50615e, #9fb0ad); padding-bottom: 1.5rem; text-align: center; }
h1 { margin: 0; font-size: 1.5rem; color: light-dark(#14211f, #e5eeec); }
#inside { color: light-dark(#14211f, #e5eeec); }
.stack { display: grid; gap: 1rem; max-width: 30rem; margin-inline: auto; --cs-width: 30rem; }
`

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [new URL('browser-entry.tsx', import.meta.url).pathname],
    bundle: true,
    write: false,
    format: 'esm',
    jsx: 'automatic',
    conditions: ['@countersign/source'],
    define: { 'process.env.NODE_ENV': '"development"' },
    logLevel: 'silent',
  })
  return outputFiles[0]?.text ?? ''
}
