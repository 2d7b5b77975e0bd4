import { ProtocolError } from '@countersign/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answerAuth } from '../src/middleware/auth-routes.ts'
import { createGuard } from '../src/middleware/guard.ts'
import { guard as honoGuard } from '../src/middleware/hono.ts'
import { getSession, withAuth } from '../src/middleware/next.ts'
import { type GuardOptions, resolveRequirements } from '../src/middleware/options.ts'
import { parsedBody } from '../src/middleware/parsed-body.ts'
import type { RequestAuth } from '../src/middleware/request-auth.ts'
import { withAuth as withSvelteKitAuth } from '../src/middleware/sveltekit.ts'
import { baseURL } from './support/auth.ts'
import { type MiddlewareWorld, openMiddlewareWorld } from './support/middleware/world.ts'

let world: MiddlewareWorld
beforeAll(async () => {
  world = await openMiddlewareWorld()
})
afterAll(() => world.close())

const request = (headers: Record<string, string>, path = '/x') =>
  new Request(`${baseURL}${path}`, { headers })

/** What a handler behind a guard finds, or the status and the body of the refusal. */
async function through(options: GuardOptions, of: Request, previous?: unknown) {
  const admitted = await createGuard(world.auth, options)(of, previous)
  if ('auth' in admitted) return admitted.auth
  return { status: admitted.status, body: (await admitted.json()) as Record<string, unknown> }
}
const found = async (options: GuardOptions, of: Request, previous?: unknown) => {
  const auth = await through(options, of, previous)
  if (!('principal' in auth)) throw new Error(`refused: ${JSON.stringify(auth)}`)
  return auth
}

describe('options of a guard', () => {
  it.each<[string, object]>([
    ['methods', { methods: [] }],
    ['methods', { methods: ['cookie'] }],
    ['methods', { methods: ['none'] }],
    ['role', { role: [] }],
    ['role', { role: 'owner', organization: false }],
    ['permission', { permission: [] }],
    ['permission', { hasPermission: {} }],
    ['permission', { hasPermission: { reports: [] } }],
    ['scope', { scope: [] }],
    ['scope', { scope: 'two scopes' }],
    ['scope', { scope: 'a"b' }],
  ])('that would ask nothing by `%s` are a mistake of the programmer: %j', (name, options) => {
    expect(() => honoGuard(world.auth, options as GuardOptions)).toThrow(TypeError)
    expect(() => resolveRequirements(options as GuardOptions)).toThrow(`\`${name}\``)
  })

  it('known names mean the same', () => {
    const known = { hasOrgRole: 'admin', hasPermission: { a: 'read', b: ['x', 'y'] } }
    expect(resolveRequirements(known)).toMatchObject({
      organization: true,
      roles: ['admin'],
      permissions: [
        { resource: 'a', action: 'read' },
        { resource: 'b', action: 'x' },
        { resource: 'b', action: 'y' },
      ],
    })
  })

  it('leave agents out unless they are named', () => {
    expect(resolveRequirements({}).methods).toEqual([
      'session',
      'bearer',
      'api-key',
      'static-token',
    ])
  })
})

describe('an organization that the request names', () => {
  const organization: GuardOptions['organization'] = ({ url }) =>
    new URL(url).searchParams.get('org') ?? undefined

  it('is the one that counts, for the guard and for the handler', async () => {
    const path = `/x?org=${world.organizationId}`
    const auth = await found(
      { organization, role: 'clerk' },
      request({ cookie: world.clerk.cookie }, path),
    )
    expect(await auth.getOrg()).toMatchObject({ organizationId: world.organizationId })
    expect(await auth.getOrgRole()).toBe('clerk')
    expect(await auth.hasOrgRole('owner', 'clerk')).toBe(true)
    expect(await auth.hasOrgRole('owner')).toBe(false)
  })

  it('is none of the active one when the request names none or another', async () => {
    for (const path of ['/x', '/x?org=', '/x?org=other']) {
      const refused = await through({ organization }, request({ cookie: world.owner.cookie }, path))
      expect(refused).toMatchObject({ status: 403, body: { missing: { organization: true } } })
    }
  })
})

describe('S68 what handlers find', () => {
  it('S68 a person', async () => {
    const auth = await found({}, request({ cookie: world.owner.cookie }))
    const person = { id: world.owner.userId, email: world.owner.email }
    expect(await auth.getUser()).toMatchObject(person)
    expect(auth).toMatchObject({ authMethod: 'session', user: person, apiKey: null })
    expect(auth.session?.expiresAt).toBeInstanceOf(Date)
    expect(auth.hasPermission('anything', 'read', 'write')).toBe(true)
    expect(auth.hasPermission('anything')).toBe(false)
    expect(await auth.getOrg('other')).toBeNull()
  })

  it('S68 a program, which is no person', async () => {
    const auth = await found({}, request({ authorization: `Bearer ${world.staticToken}` }))
    expect(auth).toMatchObject({ authMethod: 'static-token', user: null, session: null })
    expect(auth.hasPermission('reports', 'read')).toBe(true)
    expect(auth.hasPermission('reports', 'read', 'write')).toBe(false)
    await expect(auth.getUser()).rejects.toMatchObject({ status: 403, code: 'unauthorized' })
    expect(await auth.getToken()).toBeNull()
    expect(await auth.hasOrgRole('owner')).toBe(false)
  })

  it('S68 nobody', async () => {
    const auth = await found({ optional: true }, request({}))
    await expect(auth.getUser()).rejects.toMatchObject({ status: 401 })
    expect(await auth.getToken()).toBeNull()
    expect(await auth.getOrg()).toBeNull()
    expect(await auth.getOrgRole()).toBeNull()
  })
})

describe('what a guard before has left', () => {
  it('counts only where a guard of the same authority made it', async () => {
    const first = await found({}, request({ cookie: world.owner.cookie }))
    expect(await found({}, request({}), first)).toMatchObject({ user: { id: world.owner.userId } })
    for (const other of [{ ...first }, structuredClone({ user: first.user }), 'owner', null]) {
      expect(await through({}, request({}), other)).toMatchObject({ status: 401 })
    }
    const elsewhere = createGuard({ ...world.auth })
    expect(await elsewhere(request({}), first)).toMatchObject({ status: 401 })
  })

  it('is asked again for what this one asks', async () => {
    const first = await found({}, request({ cookie: world.clerk.cookie }))
    const refused = await through({ role: 'owner' }, request({}), first)
    expect(refused).toMatchObject({ status: 403, body: { missing: { role: ['owner'] } } })
    expect(await through({ methods: ['api-key'] }, request({}), first)).toMatchObject({
      status: 401,
    })
  })
})

describe('Next without its middleware', () => {
  it('CVE-2025-29927 vulnerability 48: getSession believes credentials, and no other header', async () => {
    const written = {
      'x-middleware-subrequest': 'middleware',
      'x-user-id': world.owner.userId,
      'x-countersign-user': world.owner.userId,
    }
    expect(await getSession(world.auth, new Headers(written))).toBeNull()
    const session = await getSession(world.auth, new Headers({ cookie: world.owner.cookie }))
    expect(session).toMatchObject({ authMethod: 'session', user: { id: world.owner.userId } })
    expect(await session?.getOrgRole()).toBe('owner')
  })

  it('getSession refuses a server action that another page sent', async () => {
    const { cookie } = world.owner
    const action = (origin: string) => getSession(world.auth, new Headers({ cookie, origin }))
    expect(await action(baseURL)).toMatchObject({ user: { id: world.owner.userId } })
    for (const origin of ['https://evil.example', 'null', `${baseURL}.evil.example`]) {
      await expect(action(origin)).rejects.toMatchObject({ status: 403 })
    }
  })

  it('getSession throws for a bad credential, and while the database is away', async () => {
    const bad = new Headers({ authorization: 'Bearer nothing', cookie: world.owner.cookie })
    await expect(getSession(world.auth, bad)).rejects.toMatchObject({ status: 401 })
    await expect(getSession(world.away, new Headers())).rejects.toBeInstanceOf(ProtocolError)
    await expect(getSession(world.away, new Headers())).rejects.toMatchObject({ status: 503 })
  })

  it('withAuth hands over who calls next to what Next gives', async () => {
    const GET = withAuth<Request, { params: Promise<{ id: string }> }>(
      world.auth,
      {},
      async (_request, { auth, params }) =>
        Response.json({ id: (await params).id, user: auth.user?.id }),
    )
    const context = { params: Promise.resolve({ id: 'r1' }) }
    const answer = await GET(request({ cookie: world.owner.cookie }), context)
    expect(await answer.json()).toEqual({ id: 'r1', user: world.owner.userId })
    expect((await GET(request({}), context)).status).toBe(401)
  })
})

it('SvelteKit: withAuth guards a handler, whatever hooks did before', async () => {
  const GET = withSvelteKitAuth(world.auth, { role: 'owner' }, ({ locals }) =>
    Response.json(locals.auth.user),
  )
  const event = (headers: Record<string, string>, locals: { auth?: RequestAuth } = {}) =>
    ({ request: request(headers), locals }) as unknown as Parameters<typeof GET>[0]
  expect((await GET(event({ cookie: world.owner.cookie }))).status).toBe(200)
  expect((await GET(event({ cookie: world.clerk.cookie }))).status).toBe(403)
  expect((await GET(event({}))).status).toBe(401)
  const forged = { auth: { ...(await found({}, request({ cookie: world.owner.cookie }))) } }
  expect((await GET(event({}, forged))).status).toBe(401)
})

describe('a body that comes in pieces', () => {
  const post = (pieces: number, size: number) => {
    let sent = 0
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent === pieces) return controller.close()
        sent += 1
        controller.enqueue(new Uint8Array(size).fill(0x20))
      },
    })
    const init = { method: 'POST', body, duplex: 'half' }
    const headers = { 'content-type': 'application/json', origin: baseURL }
    const url = `${baseURL}/api/auth/sign-in/email`
    return answerAuth(world.auth, new Request(url, { ...init, headers }))
  }

  it('is refused once it is larger than a megabyte', async () => {
    const answer = await post(1001, 1000)
    expect(answer.status).toBe(413)
    expect(await answer.json()).toMatchObject({ error: 'payload_too_large' })
    expect(answer.headers.get('connection')).toBe('close')
    expect((await post(1000, 1000)).status).toBe(400)
  })
})

describe('a body that a parser has read is written again', () => {
  const form = 'application/x-www-form-urlencoded; charset=utf-8'
  it.each<[string, unknown, string, unknown]>([
    ['JSON', { a: [1, null], b: 'ä' }, 'application/json', '{"a":[1,null],"b":"ä"}'],
    ['a form', { a: '1&2', b: ['x', 'y'] }, form, 'a=1%262&b=x&b=y'],
    ['a nested form', { a: { b: { c: '1' } } }, form, 'a%5Bb%5D%5Bc%5D=1'],
    ['text', 'as it is', 'text/plain', 'as it is'],
    ['nothing', undefined, 'application/json', undefined],
    ['null', null, 'application/json', undefined],
  ])('%s', (_title, body, type, written) => {
    expect(parsedBody(body, type)).toEqual(written)
  })

  it('bytes stay as they are', () => {
    const bytes = new Uint8Array([0, 255, 10])
    expect(parsedBody(bytes, 'application/octet-stream')).toBe(bytes)
  })
})
