import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Auth, createAuth } from '@countersign/server'
import { createAdaptorServer } from '@hono/node-server'
import {
  type Cookies,
  followTo,
  type McpWorld,
  navigate,
} from '../../../packages/resource/test/describe-mcp-clients.ts'
import { freshDatabase } from '../../../testing/fresh-database.ts'
import { createApp } from '../src/app.ts'
import { ownMcpServer } from '../src/own-mcp-server.ts'
import { providerOptions } from '../src/provider.ts'

const PASSWORD = 'correct horse battery staple'

/** An issuer with its own MCP server, and the person who is signed in there. */
export interface OwnWorld extends McpWorld {
  readonly auth: Pick<Auth, '$context'>
  readonly userId: string
}

/** This server with its own MCP server, or another, on a free port, and a person with an account. */
export async function openOwnWorld(mcp = ownMcpServer): Promise<OwnWorld> {
  const requests: string[] = []
  const tokenRequests = { count: 0 }
  let answer = async (_request: Request) => new Response(null, { status: 503 })
  const server = createAdaptorServer({
    fetch: (request) => {
      const { pathname } = new URL(request.url)
      if (pathname.endsWith('/oauth2/token')) tokenRequests.count += 1
      if (pathname === '/mcp' || pathname.includes('protected-resource')) {
        requests.push(`${request.method} ${pathname}`)
      }
      return answer(request)
    },
  }) as Server
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const auth = createAuth({
    baseURL,
    connectionString: await freshDatabase(),
    secret: 'a-secret-of-the-tests-with-32-characters',
    migrate: true,
    mail: { transport: { send: async () => {} }, requireVerification: false },
    provider: providerOptions({
      baseURL,
      dynamicRegistration: true,
      host: '127.0.0.1',
      production: false,
    }),
  })
  await auth.$ready
  const app = createApp({
    auth,
    baseURL,
    consoleFiles: () => undefined,
    loopbackOnly: true,
    mcp: mcp(auth, { baseURL }),
  })
  answer = async (request) => app.fetch(request)

  const cookies: Cookies = new Map()
  const post = (path: string, body: object) =>
    navigate(new URL(`/api/auth${path}`, baseURL), cookies, {
      method: 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        origin: baseURL,
        'sec-fetch-mode': 'cors',
      },
      body: JSON.stringify(body),
    })
  const account = { email: 'ada@example.com', password: PASSWORD, name: 'Ada' }
  const signedUp = await post('/sign-up/email', account)
  const { user } = JSON.parse(signedUp.text) as { user: { id: string } }
  // The first client finds nobody signed in.
  cookies.clear()

  /** What the pages for signing in and for consent do. */
  const page = async (url: URL): Promise<URL | null> => {
    const oauth_query = url.search.slice(1)
    if (url.pathname === '/sign-in') {
      const { email, password } = account
      const { text } = await post('/sign-in/email', { email, password, oauth_query })
      const { url: next } = JSON.parse(text) as { url: string }
      return new URL(next, baseURL)
    }
    if (url.pathname !== '/consent') return null
    const shown = await navigate(
      new URL(`/api/auth/oidc/interaction${url.search}`, baseURL),
      cookies,
    )
    const { ticket } = JSON.parse(shown.text) as { ticket: string }
    const decided = await post('/oidc/interaction', { oauth_query, ticket, decision: 'allow' })
    const { redirect_uri: next } = JSON.parse(decided.text) as { redirect_uri: string }
    return new URL(next)
  }
  return {
    auth,
    userId: user.id,
    url: `${baseURL}/mcp`,
    issuer: baseURL,
    requests,
    tokenRequests: () => tokenRequests.count,
    visit: (start) => followTo(start, cookies, page),
    person: { user_id: user.id },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await auth.$close()
    },
  }
}
