import { createApp, createRouter, defineEventHandler, toWebHandler, toWebRequest } from 'h3'
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { createSignIn } from '@countersign/client'

const origin = 'https://app.example'
const signIn = createSignIn({
  secrets: 'q7Jd0vYx2mLr9TzKb4WnHc8FgEs1UaPi',
  config: {
    issuer: 'https://id.example',
    clientId: 'c',
    clientSecret: 's',
    discovery: false,
  },
})

type Dispatch = (request: Request) => Promise<Response> | Response

/** By method: what a file-routed framework imports from a route's module. */
async function byMethod(
  module: { GET: (...args: never[]) => unknown; POST: (...args: never[]) => unknown },
  args: (request: Request) => unknown[],
  request: Request,
): Promise<Response> {
  const handle = request.method === 'POST' ? module.POST : module.GET
  return (await (handle as (...all: unknown[]) => unknown)(...args(request))) as Response
}

/** Each framework's way to hand over a request, in its own calling convention. */
const mounts: [string, Dispatch][] = [
  [
    'Hono',
    (() => {
      const app = new Hono()
      app.all('/auth/*', (c) => signIn.handler(c.req.raw))
      return (request) => app.fetch(request)
    })(),
  ],
  [
    'Next.js route handler',
    async (request) => {
      const { handler: GET, handler: POST } = signIn
      const context = { params: Promise.resolve({ slug: ['me'] }) }
      return byMethod({ GET, POST }, (incoming) => [incoming, context], request)
    },
  ],
  [
    'React Router and Remix resource route',
    async (request) => {
      const loader = async (args: { request: Request }) => signIn.handler(args.request)
      const action = loader
      const args = { request, params: { '*': 'me' }, context: {} }
      return request.method === 'GET' ? loader(args) : action(args)
    },
  ],
  [
    'TanStack Start server route',
    async (request) => {
      const handlers = {
        GET: async (event: { request: Request }) => signIn.handler(event.request),
        POST: async (event: { request: Request }) => signIn.handler(event.request),
      }
      return byMethod(
        handlers,
        (incoming) => [{ request: incoming, params: { _splat: 'me' } }],
        request,
      )
    },
  ],
  [
    'SvelteKit endpoint',
    async (request) => {
      const GET = async (event: { request: Request }) => signIn.handler(event.request)
      return byMethod(
        { GET, POST: GET },
        (incoming) => [{ request: incoming, params: {} }],
        request,
      )
    },
  ],
  [
    'Astro endpoint',
    async (request) => {
      const ALL = async (context: { request: Request }) => signIn.handler(context.request)
      return ALL({ request })
    },
  ],
  [
    'Nuxt and Nitro event handler',
    (() => {
      const router = createRouter()
      router.use(
        '/auth/**',
        defineEventHandler((event) => signIn.handler(toWebRequest(event))),
      )
      const app = createApp()
      app.use(router)
      const handle = toWebHandler(app)
      return async (request) => handle(request)
    })(),
  ],
]

describe.each(mounts)('O21 in %s', (_name, dispatch) => {
  it('reaches all four routes, and every header comes through', async () => {
    const login = await dispatch(new Request(`${origin}/auth/login?returnTo=/a`))
    expect(login.status).toBe(302)
    expect(login.headers.get('location')).toMatch('https://id.example/authorize?')
    expect(login.headers.getSetCookie()).toHaveLength(1)

    const me = await dispatch(new Request(`${origin}/auth/me`))
    expect([me.status, await me.json()]).toEqual([200, { authenticated: false }])

    const callback = await dispatch(new Request(`${origin}/auth/callback?code=a&state=b`))
    expect([callback.status, await callback.json()]).toEqual([
      400,
      { error: 'Invalid OAuth callback' },
    ])

    const logout = await dispatch(
      new Request(`${origin}/auth/logout`, { method: 'POST', body: '' }),
    )
    expect([logout.status, logout.headers.get('location')]).toEqual([302, '/'])
    expect(logout.headers.getSetCookie()[0]).toContain('app_session=; Path=/; Max-Age=0')
  })
})
