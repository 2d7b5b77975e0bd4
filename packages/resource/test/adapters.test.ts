import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { H3 } from 'h3'
import { Hono } from 'hono'
import { agentGuard as expressGuard } from '../src/adapters/express.ts'
import { agentGuard as fastifyGuard } from '../src/adapters/fastify.ts'
import { withAgent } from '../src/adapters/fetch.ts'
import { agentGuard as h3Guard } from '../src/adapters/h3.ts'
import { agentGuard as honoGuard } from '../src/adapters/hono.ts'
import { withAgent as nextWithAgent } from '../src/adapters/next.ts'
import { afterAll, beforeAll } from 'vitest'
import { worlds } from '../../server/test/support/worlds.ts'
import { type Authority, openAuthority } from './authority.ts'
import { describeAdapter, type Service } from './describe-adapter.ts'

let authority: Authority
beforeAll(async () => {
  const embedded = worlds.find(({ name }) => name.includes('embedded'))
  if (!embedded) throw new Error('no world')
  authority = await openAuthority(embedded)
})
afterAll(() => authority.close())

const opened = () => authority

/** Listens on a free port. */
async function listening(server: Server): Promise<Service> {
  if (!server.listening) {
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
  }
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

function node(handler: (request: Request) => Response | Promise<Response>): Promise<Service> {
  return listening(createAdaptorServer({ fetch: handler }) as Server)
}

describeAdapter('Hono', opened, (guard, options) => {
  const app = new Hono()
  app.post('/execute', honoGuard(guard, options), async (c) =>
    c.json({ agent: c.var.agent, body: await c.req.json() }),
  )
  return node((request) => app.fetch(request))
})

describeAdapter('Hono, behind a middleware that reads the body', opened, (guard, options) => {
  const app = new Hono()
  app.use(async (c, next) => {
    await c.req.text()
    return next()
  })
  app.post('/execute', honoGuard(guard, options), async (c) =>
    c.json({ agent: c.var.agent, body: await c.req.json() }),
  )
  return node((request) => app.fetch(request))
})

describeAdapter('Express', opened, (guard, options) => {
  const app = express()
  app.use(express.json({ strict: false }))
  const router = express.Router()
  router.post('/', expressGuard(guard, options), (request, response) => {
    response.json({ agent: response.locals.agent, body: request.body })
  })
  app.use('/execute', router)
  return listening(createServer(app))
})

describeAdapter('Fastify', opened, async (guard, options) => {
  const app = fastify()
  app.post('/execute', { preHandler: fastifyGuard(guard, options) }, async (request) => ({
    agent: request.agent,
    body: request.body,
  }))
  await app.ready()
  return listening(app.server)
})

describeAdapter('h3', opened, (guard, options) => {
  const app = new H3()
  app.post(
    '/execute',
    async (event) => ({ agent: event.context.agent, body: await event.req.json() }),
    { middleware: [h3Guard(guard, options)] },
  )
  return node((request) => app.fetch(request))
})

describeAdapter('Next', opened, (guard, options) => {
  const POST = nextWithAgent<Request, { params: Promise<object> }>(
    guard,
    options,
    async (request, { agent }) => Response.json({ agent, body: await request.json() }),
  )
  return node((request) => POST(request, { params: Promise.resolve({}) }))
})

describeAdapter('Fetch', opened, (guard, options) =>
  node(
    withAgent(guard, options, async (request, agent) =>
      Response.json({ agent, body: await request.json() }),
    ),
  ),
)
