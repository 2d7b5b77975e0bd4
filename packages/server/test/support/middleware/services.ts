import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { Handle, RequestEvent } from '@sveltejs/kit'
import { getRequest, setResponse } from '@sveltejs/kit/node'
import express from 'express'
import fastify from 'fastify'
import { H3 } from 'h3'
import { toNodeHandler } from 'h3/node'
import { Hono } from 'hono'
import * as forExpress from '../../../src/middleware/express.ts'
import * as forFastify from '../../../src/middleware/fastify.ts'
import * as forH3 from '../../../src/middleware/h3.ts'
import * as forHono from '../../../src/middleware/hono.ts'
import * as forNext from '../../../src/middleware/next.ts'
import { type GuardOptions, apiKeyOnly, sessionOnly } from '../../../src/middleware/options.ts'
import type { GuardedAuth, RequestAuth } from '../../../src/middleware/request-auth.ts'
import * as forSvelteKit from '../../../src/middleware/sveltekit.ts'

const byHono = { ...forHono }
const byExpress = { ...forExpress }
const byFastify = { ...forFastify }
const byH3 = { ...forH3 }
const bySvelteKit = { ...forSvelteKit }

/** One guard, as an application writes it. */
export interface Protection {
  readonly auth: GuardedAuth
  readonly by: 'guard' | 'createSessionMiddleware' | 'createApiKeyMiddleware'
  readonly options: GuardOptions
}

/** A path and the guards before its handler, which answers what it was told and the body it reads. */
export interface GuardedRoute {
  readonly path: string
  readonly guards: readonly Protection[]
}

/** An application of one framework, listening. */
export interface Service {
  readonly origin: string
  close(): Promise<void>
}

/** Starts an application with the authority mounted, guarded routes, and `/` that anybody may read. */
export type Serve = (auth: GuardedAuth, routes: readonly GuardedRoute[]) => Promise<Service>

/** What handlers answer: everything that the middleware told them. */
async function report(auth: RequestAuth | undefined, body: unknown) {
  if (!auth) return { auth: null, body }
  const { authMethod, user, session, apiKey, principal } = auth
  return {
    auth: { authMethod, user, session, apiKey, kind: principal.kind },
    roles: (await auth.getOrg())?.roles ?? null,
    token: await auth.getToken(),
    canRead: auth.hasPermission('reports', 'read'),
    body,
  }
}

const parse = (text: string): unknown => (text === '' ? null : JSON.parse(text))

async function listening(server: Server): Promise<Service> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  server.keepAliveTimeout = 600_000
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => {
        server.close(resolve)
      })
    },
  }
}

/** Hono; `parsed` with a middleware before it that reads the body. */
export function serveHono({ parsed = false } = {}): Serve {
  return (auth, routes) => {
    const app = new Hono<forHono.AuthEnv>()
    if (parsed) {
      app.use(async (c, next) => {
        await c.req.text()
        return next()
      })
      app.on(['GET', 'POST'], '/api/auth/*', forHono.mountAuthRoutes(auth))
    }
    forHono.mountAuthRoutes(app, auth)
    app.get('/', (c) => c.json('anybody'))
    for (const { path, guards } of routes) {
      for (const { by, auth: door, options } of guards) {
        app.use(`${path}/*`, byHono[by](door, options))
      }
      app.all(path, async (c) => c.json(await report(c.var.auth, parse(await c.req.text()))))
    }
    return listening(createAdaptorServer({ fetch: app.fetch }) as Server)
  }
}

/** Express, with its parsers before everything or only after the routes of the authority. */
export function serveExpress({ parsed }: { parsed: boolean }): Serve {
  return (auth, routes) => {
    const app = express()
    const parsers = [express.json(), express.urlencoded({ extended: true })]
    if (parsed) app.use(parsers)
    forExpress.mountAuthRoutes(app, auth)
    if (!parsed) app.use(parsers)
    app.get('/', (_request, response) => {
      response.json('anybody')
    })
    for (const { path, guards } of routes) {
      const middleware = guards.map(({ by, auth: door, options }) => byExpress[by](door, options))
      const router = express.Router()
      router.all('/', async (request, response) => {
        response.json(await report(request.auth, (request.body as unknown) ?? null))
      })
      app.use(path, ...middleware, router)
    }
    return listening(createServer(app))
  }
}

/** Fastify, whose parsers are there from the start. */
export const serveFastify: Serve = async (auth, routes) => {
  const app = fastify()
  forFastify.mountAuthRoutes(app, auth)
  app.get('/', async () => 'anybody')
  for (const { path, guards } of routes) {
    void app.register(async (scope) => {
      for (const { by, auth: door, options } of guards) {
        scope.addHook('onRequest', byFastify[by](door, options))
      }
      scope.all(path, async (request) => report(request.auth, request.body ?? null))
    })
  }
  await app.ready()
  return listening(app.server)
}

/** h3 2 on its own server for Node. */
export const serveH3: Serve = (auth, routes) => {
  const app = new H3()
  forH3.mountAuthRoutes(app, auth)
  app.get('/', () => 'anybody')
  for (const { path, guards } of routes) {
    for (const { by, auth: door, options } of guards) {
      app.use(`${path}/**`, byH3[by](door, options))
    }
    app.all(path, async (event) =>
      report(event.context.auth, parse(await event.req.text().catch(() => ''))),
    )
  }
  return listening(createServer(toNodeHandler(app)))
}

const named = {
  guard: (options: GuardOptions) => options,
  createSessionMiddleware: sessionOnly,
  createApiKeyMiddleware: apiKeyOnly,
}

/** Route handlers as Next calls them: by the exact path, one guard each. */
export const serveNext: Serve = (auth, routes) => {
  const mounted = forNext.mountAuthRoutes(auth)
  const handlers = new Map(
    routes.map(({ path, guards }) => {
      const [first] = guards
      if (!first) throw new Error('no guard')
      const handler = forNext.withAuth<Request, { params: Promise<object> }>(
        first.auth,
        named[first.by](first.options),
        async (request, { auth: found }) =>
          Response.json(await report(found, parse(await request.text()))),
      )
      return [path, handler]
    }),
  )
  const fetch = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url)
    if (/^\/(api\/auth|\.well-known)\//.test(pathname)) {
      const method = request.method === 'POST' ? 'POST' : 'GET'
      return mounted[method](request)
    }
    if (pathname === '/') return Response.json('anybody')
    const handler = handlers.get(pathname)
    return (
      handler?.(request, { params: Promise.resolve({}) }) ?? new Response(null, { status: 404 })
    )
  }
  return listening(createAdaptorServer({ fetch }) as Server)
}

/** `handle` of SvelteKit between its own readers and writers of requests of Node. */
export const serveSvelteKit: Serve = (auth, routes) => {
  const mounted = forSvelteKit.mountAuthRoutes(auth)
  const answer = async ({ locals, request }: RequestEvent) =>
    Response.json(
      await report((locals as forSvelteKit.AuthLocals).auth, parse(await request.text())),
    )
  const chain = (handles: readonly Handle[], event: RequestEvent): Promise<Response> => {
    const [first, ...rest] = handles
    if (!first) return answer(event)
    return Promise.resolve(first({ event, resolve: (inner) => chain(rest, inner) }))
  }
  const resolve = async (event: RequestEvent): Promise<Response> => {
    if (event.url.pathname === '/') return Response.json('anybody')
    const route = routes.find(({ path }) => path === event.url.pathname)
    if (!route) return new Response(null, { status: 404 })
    const handles = route.guards.map(({ by, auth: door, options }) =>
      bySvelteKit[by](door, options),
    )
    return chain(handles, event)
  }
  const server = createServer((incoming, outgoing) => {
    const serve = async () => {
      const base = `http://${incoming.headers.host}`
      // As the adapter of SvelteKit for Node answers a request it cannot read.
      const request = await getRequest({ request: incoming, base }).catch(() => null)
      if (!request) {
        outgoing.writeHead(400).end()
        return
      }
      // What the hooks here read of an event.
      const event = { request, url: new URL(request.url), locals: {} } as RequestEvent
      await setResponse(outgoing, await mounted({ event, resolve }))
    }
    serve().catch(() => outgoing.writeHead(500).end())
  })
  return listening(server)
}
