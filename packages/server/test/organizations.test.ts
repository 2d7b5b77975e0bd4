import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { getAuthTables } from 'better-auth/db'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { freshDatabase } from '../../../testing/fresh-database.ts'
import { connect, createAuth, getOrgContext, hasOrgRole, hasPermission } from '../src/index.ts'
import { baseURL, secret } from './support/auth.ts'
import { placeEmptyDatabase } from './support/embedded-template.ts'
import { call, countStatuses } from './support/http.ts'
import { join, organizationBy, person, type Person, request } from './support/organizations.ts'
import { serveHandler } from './support/serve.ts'
import { countStatements, remembers } from './support/sessions.ts'

const database = await freshDatabase()
const common = { secret, baseURL, logger: { disabled: true }, rateLimit: false } as const
const open = (more: object = {}) => createAuth({ connectionString: database, ...common, ...more })

let auth: ReturnType<typeof open>
let owner: Person
let organizationId: string
beforeAll(async () => {
  auth = open()
  owner = await person(auth, { name: 'owner' })
  organizationId = await organizationBy(owner)
})
afterAll(() => auth.$close())

const rolesOf = async (one: Person, id = organizationId) =>
  (await auth.organizationOf(request(one.cookie), { organizationId: id }))?.roles ?? null
const ownersOf = async (id: string) =>
  (
    await auth.$connection?.sql.query<{ user_id: string }>(
      `SELECT user_id FROM member WHERE organization_id = $1 AND role = 'owner'`,
      [id],
    )
  )?.rows.map((row) => row.user_id)

describe('S15 organizations over HTTP', () => {
  it('S15 create, invite, accept, check roles, and teams from beginning to end', async () => {
    const { handler, close } = await serveHandler(auth.handler)
    const guest = await person(auth, { name: 'guest' })
    const as = (one: Person) => ({
      post: (path: string, body: unknown) =>
        call(handler, 'POST', `/organization${path}`, { cookie: one.cookie, body }),
      get: (path: string) => call(handler, 'GET', `/organization${path}`, { cookie: one.cookie }),
    })
    const created = await as(owner).post('/create', { name: 'Flow', slug: `flow-${randomUUID()}` })
    expect(created.status).toBe(200)
    const id: string = created.body.id
    const invited = await as(owner).post('/invite-member', {
      email: guest.email,
      role: 'admin',
      organizationId: id,
    })
    expect(invited).toMatchObject({ status: 200, body: { status: 'pending', role: 'admin' } })
    expect((await as(guest).get('/list-user-invitations')).body).toHaveLength(1)
    const accepted = await as(guest).post('/accept-invitation', { invitationId: invited.body.id })
    expect(accepted).toMatchObject({ status: 200, body: { member: { role: 'admin' } } })

    const context = await auth.organizationOf(request(guest.cookie))
    expect(context).toMatchObject({ organizationId: id, roles: ['admin'] })
    expect(hasOrgRole(context, 'admin')).toBe(true)
    expect(hasOrgRole(context, ['owner', 'admin'])).toBe(true)
    expect(hasOrgRole(context, 'owner')).toBe(false)
    expect(hasPermission(context, { member: ['create', 'update'], team: ['create'] })).toBe(true)
    expect(hasPermission(context, { organization: ['delete'] })).toBe(false)
    // The endpoints decide by the same table.
    expect(
      (await as(guest).post('/update', { organizationId: id, data: { name: 'New' } })).status,
    ).toBe(200)
    expect((await as(guest).post('/delete', { organizationId: id })).status).toBe(403)

    const team = await as(guest).post('/create-team', { name: 'Red', organizationId: id })
    expect(team.status).toBe(200)
    const teamId: string = team.body.id
    expect(
      (await as(owner).get(`/list-teams?organizationId=${id}`)).body.map(
        (one: { name: string }) => one.name,
      ),
    ).toContain('Red')
    const renamed = await as(owner).post('/update-team', {
      teamId,
      data: { name: 'Blue', organizationId: id },
    })
    expect(renamed).toMatchObject({ status: 200, body: { name: 'Blue' } })
    const added = await as(owner).post('/add-team-member', {
      teamId,
      userId: guest.userId,
      organizationId: id,
    })
    expect(added.status).toBe(200)
    expect((await as(guest).get(`/list-team-members?teamId=${teamId}`)).body).toHaveLength(1)
    expect((await as(guest).post('/set-active-team', { teamId })).status).toBe(200)
    const left = await as(owner).post('/remove-team-member', {
      teamId,
      userId: guest.userId,
      organizationId: id,
    })
    expect(left.status).toBe(200)
    expect((await as(owner).post('/remove-team', { teamId, organizationId: id })).status).toBe(200)

    expect((await as(owner).post('/delete', { organizationId: id })).status).toBe(200)
    expect(await auth.organizationOf(request(guest.cookie))).toBeNull()
    expect(await auth.organizationOf(request(guest.cookie), { organizationId: id })).toBeNull()
    await close()
  })

  it('more roles and permissions come from the options, for endpoints and guards alike', async () => {
    const custom = open({
      organizations: {
        roles: {
          clerk: { invoice: ['read'], invitation: ['create'] },
          owner: { invoice: ['pay'] },
        },
      },
    })
    const boss = await person(custom)
    const clerk = await person(custom)
    const other = await person(custom)
    const id = await organizationBy(boss)
    await join(boss, clerk, { organizationId: id, role: 'clerk' })
    const context = await custom.organizationOf(request(clerk.cookie))
    expect(hasPermission(context, { invoice: ['read'] })).toBe(true)
    expect(hasPermission(context, { invoice: ['pay'] })).toBe(false)
    const invited = await clerk.post('/invite-member', {
      email: other.email,
      role: 'member',
      organizationId: id,
    })
    expect(invited.status).toBe(200)
    const owning = await custom.organizationOf(request(boss.cookie))
    expect(hasPermission(owning, { invoice: ['pay'], organization: ['delete'] })).toBe(true)
    expect(() => open({ organizations: { roles: { 'a,owner': {} } } })).toThrow(
      'organizations.roles',
    )
    await custom.$close()
  })
})

describe('what a caller is in an organization', () => {
  it('follows membership at once, here and in another process', async () => {
    const other = open()
    const guest = await person(auth)
    const memberId = await join(owner, guest, { organizationId })
    const there = () =>
      other
        .organizationOf(request(guest.cookie), { organizationId })
        .then((context) => context?.roles)
    expect([await rolesOf(guest), await there()]).toEqual([['member'], ['member']])

    const raised = await owner.post('/update-member-role', {
      memberId,
      role: 'admin',
      organizationId,
    })
    expect(raised.status).toBe(200)
    expect(await rolesOf(guest)).toEqual(['admin'])
    await vi.waitFor(async () => expect(await there()).toEqual(['admin']), { timeout: 10_000 })

    const removed = await owner.post('/remove-member', {
      memberIdOrEmail: memberId,
      organizationId,
    })
    expect(removed.status).toBe(200)
    expect(await rolesOf(guest)).toBeNull()
    expect(await auth.organizationOf(request(guest.cookie))).toBeNull()
    await vi.waitFor(async () => expect(await there()).toBeUndefined(), { timeout: 10_000 })
    await other.$close()
  })

  it('is one look-up of one row, also of the 500th member of an organization', async () => {
    const last = await person(auth)
    const id = await organizationBy(owner)
    await auth.$connection?.sql.query(
      `INSERT INTO "user" (id, name, email) SELECT 'crowd-' || n, 'Crowd', 'crowd-' || n || '@example.com' FROM generate_series(1, 500) n`,
    )
    await auth.$connection?.sql.query(
      `INSERT INTO member (id, organization_id, user_id, role)
         SELECT 'crowd-' || n, $1, 'crowd-' || n, CASE n WHEN 499 THEN 'owner' ELSE 'member' END FROM generate_series(1, 500) n`,
      [id],
    )
    await join(owner, last, { organizationId: id, role: 'admin' })
    await remembers(auth, last.cookie)
    const there = open()
    await remembers(there, last.cookie)
    const look = () => there.organizationOf(request(last.cookie), { organizationId: id })
    expect((await look())?.roles).toEqual(['admin'])
    expect(await countStatements(look)).toBe(0)
    await there.$close()
    const list = await owner.get(`/list-members?organizationId=${id}`)
    expect(list.body).toMatchObject({ total: 502 })
    expect(list.body.members).toHaveLength(502)
    const full = await owner.get(`/get-full-organization?organizationId=${id}&membersLimit=502`)
    expect(full.body.members).toHaveLength(502)
    // The other owner is not among the first hundred, and counts.
    expect((await owner.post('/leave', { organizationId: id })).status).toBe(200)
    expect(await ownersOf(id)).toEqual(['crowd-499'])
  })

  it('costs one statement when it is not remembered', async () => {
    const there = open()
    await remembers(there, owner.cookie)
    const look = () => there.organizationOf(request(owner.cookie), { organizationId })
    expect(await countStatements(look)).toBe(1)
    expect(await countStatements(look)).toBe(0)
    await there.$close()
  })

  it('takes the organization that is active, or the one the request names, and no other', async () => {
    const someone = await person(auth)
    expect(await auth.organizationOf(request(someone.cookie))).toBeNull()
    expect(await auth.organizationOf(request(''))).toBeNull()
    const [one, two] = [await organizationBy(someone), await organizationBy(someone)]
    const active = async () => (await getOrgContext(auth, request(someone.cookie)))?.organizationId
    expect(await active()).toBe(two)
    expect((await someone.post('/set-active', { organizationId: one })).status).toBe(200)
    expect(await active()).toBe(one)
    expect(await auth.organizationOf(request(someone.cookie), { organizationId })).toBeNull()
    expect((await someone.post('/set-active', { organizationId: null })).status).toBe(200)
    expect(await active()).toBeUndefined()
    // A principal that was asked for before serves as well as the request.
    const principal = await auth.authenticate(request(someone.cookie))
    expect(await auth.organizationOf(principal, { organizationId: two })).toMatchObject({
      organizationId: two,
      roles: ['owner'],
    })
  })

  it('goes with a bearer token as with its session', async () => {
    const someone = await person(auth)
    const id = await organizationBy(someone)
    const asked = await call(auth.handler, 'GET', '/token', { cookie: someone.cookie })
    const headers = { authorization: `Bearer ${asked.body.token}` }
    const context = await auth.organizationOf(new Request(baseURL, { headers }))
    expect(context).toMatchObject({ organizationId: id, roles: ['owner'] })
  })

  it('an API key has no role, and of its permissions those that the member has', async () => {
    const someone = await person(auth)
    await join(owner, someone, { organizationId, role: 'admin' })
    const principal = await auth.authenticate(request(someone.cookie))
    if (principal.kind !== 'user') throw new Error(principal.kind)
    const { session: _session, ...user } = principal
    const permissions = { member: ['create', 'burn'], organization: ['delete'], reports: ['read'] }
    const key = { ...user, method: 'api-key' as const, apiKey: { id: 'k', permissions } }
    expect(await auth.organizationOf(key)).toBeNull()
    const context = await auth.organizationOf(key, { organizationId })
    expect(context).toMatchObject({ roles: [], permissions: { member: ['create'] } })
    expect(hasOrgRole(context, 'admin')).toBe(false)
  })

  it('a service acts for its own organization alone, and an agent for none', async () => {
    const service = {
      kind: 'service' as const,
      method: 'api-key' as const,
      serviceId: null,
      organizationId,
      permissions: { invoice: ['read'] },
    }
    const context = await auth.organizationOf(service)
    expect(context).toMatchObject({ organizationId, memberId: null, roles: [] })
    expect(hasPermission(context, { invoice: ['read'] })).toBe(true)
    expect(await auth.organizationOf(service, { organizationId: 'other' })).toBeNull()
    const agent = {
      kind: 'agent' as const,
      method: 'agent' as const,
      agentId: 'a',
      hostId: 'h',
      userId: owner.userId,
      mode: 'delegated',
      name: 'Scout',
    }
    expect(await auth.organizationOf(agent, { organizationId })).toBeNull()
  })

  it('is never what nobody asked: nothing asked is nothing allowed', async () => {
    const context = await auth.organizationOf(request(owner.cookie), { organizationId })
    expect(hasPermission(context, {})).toBe(false)
    expect(hasPermission(context, { member: [] })).toBe(false)
    expect(hasPermission(context, { constructor: ['name'] })).toBe(false)
    expect(hasOrgRole(context, [])).toBe(false)
    expect(hasOrgRole(null, 'owner')).toBe(false)
    expect(hasPermission(null, { member: ['create'] })).toBe(false)
  })

  it('is a 503 when the database is away, never "not a member"', async () => {
    const away = open()
    const principal = await away.authenticate(request(owner.cookie))
    await away.$close()
    await expect(away.organizationOf(principal, { organizationId })).rejects.toMatchObject({
      status: 503,
    })
  })

  it('works on somebody else’s adapter', async () => {
    const rows: Record<string, Record<string, unknown>[]> = {}
    const door = createAuth({ database: memoryAdapter(rows), ...common })
    for (const model of Object.keys(getAuthTables(door.options))) rows[model] ??= []
    const boss = await person(door)
    const guest = await person(door)
    const id = await organizationBy(boss)
    const memberId = await join(boss, guest, { organizationId: id })
    const roles = async () => (await door.organizationOf(request(guest.cookie)))?.roles
    expect(await roles()).toEqual(['member'])
    await boss.post('/remove-member', { memberIdOrEmail: memberId, organizationId: id })
    expect(await roles()).toBeUndefined()
  })
})

describe('GHSA-fmh4-wcc4-5jm3 (vulnerability 12) an invitation', () => {
  const invite = async (email: string, more: object = {}) => {
    const invited = await owner.post('/invite-member', {
      email,
      role: 'member',
      organizationId,
      ...more,
    })
    return invited.body.id as string
  }

  /** Lets several acceptances meet at the row: it is let go when they wait for it. */
  const heldUp = async <Result>(invitationId: string, start: () => Promise<Result>[]) => {
    const holder = connect({ connectionString: database })
    const started: Promise<Result>[] = []
    await holder.sql.transaction(async (sql) => {
      await sql.query('SELECT 1 FROM invitation WHERE id = $1 FOR UPDATE', [invitationId])
      started.push(...start())
      await vi.waitFor(async () => {
        const { rows } = await sql.query<{ waiting: number }>(
          `SELECT count(*)::int AS waiting FROM pg_stat_activity
             WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        )
        expect(rows[0]?.waiting).toBeGreaterThanOrEqual(2)
      }, 10_000)
    })
    const answers = await Promise.all(started)
    await holder.close()
    return answers
  }

  it('is of no use to another person', async () => {
    const [guest, thief] = [await person(auth), await person(auth)]
    const invitationId = await invite(guest.email)
    for (const path of ['/accept-invitation', '/reject-invitation']) {
      expect((await thief.post(path, { invitationId })).status).toBe(403)
    }
    expect((await thief.get(`/get-invitation?id=${invitationId}`)).status).toBe(403)
    expect((await thief.post('/cancel-invitation', { invitationId })).status).toBe(404)
    expect(await rolesOf(thief)).toBeNull()
    expect((await guest.post('/accept-invitation', { invitationId })).status).toBe(200)
  })

  it('is of no use to somebody who did not verify the address', async () => {
    const squatter = await person(auth, { verified: false })
    const invitationId = await invite(squatter.email)
    for (const path of ['/accept-invitation', '/reject-invitation']) {
      expect((await squatter.post(path, { invitationId })).status).toBe(403)
    }
    expect((await squatter.get(`/get-invitation?id=${invitationId}`)).status).toBe(403)
    expect((await squatter.get('/list-user-invitations')).status).toBe(403)
    expect(await rolesOf(squatter)).toBeNull()
  })

  it('gives the role it was made for, whatever the guest sends along', async () => {
    const guest = await person(auth)
    const invitationId = await invite(guest.email)
    const body = { invitationId, role: 'owner', organizationId, teamId: undefined }
    const accepted = await guest.post('/accept-invitation', body)
    // They are no member yet, so the organization is not there for them.
    expect(accepted.status).toBe(404)
    expect((await guest.post('/accept-invitation', { invitationId, role: 'owner' })).status).toBe(
      200,
    )
    expect(await rolesOf(guest)).toEqual(['member'])
  })

  it('lets nobody give more than they have, however the role is written', async () => {
    const admin = await person(auth)
    await join(owner, admin, { organizationId, role: 'admin' })
    const spellings = [
      'owner',
      'member,owner',
      'admin, owner',
      ' owner',
      ['admin', 'owner'],
      ['admin, owner'],
      ['owner '],
      'Owner',
      'root',
      '',
    ]
    for (const role of spellings) {
      const email = `${randomUUID()}@example.com`
      const answer = await admin.post('/invite-member', { email, role, organizationId })
      expect([role, answer.status]).toEqual([
        role,
        expect.toSatisfy((status: number) => status === 400 || status === 403),
      ])
    }
    const memberId = (await auth.organizationOf(request(admin.cookie), { organizationId }))
      ?.memberId
    for (const role of spellings) {
      const answer = await admin.post('/update-member-role', { memberId, role, organizationId })
      expect([400, 403]).toContain(answer.status)
    }
    expect(await rolesOf(admin)).toEqual(['admin'])
    const plain = await person(auth)
    await join(owner, plain, { organizationId })
    const email = `${randomUUID()}@example.com`
    expect(
      (await plain.post('/invite-member', { email, role: 'member', organizationId })).status,
    ).toBe(403)
  })

  it('is accepted once of many times at once, and never again, not even after the member left', async () => {
    const guest = await person(auth)
    const invitationId = await invite(guest.email)
    const answers = await heldUp(invitationId, () =>
      Array.from({ length: 20 }, () => guest.post('/accept-invitation', { invitationId })),
    )
    expect(countStatuses(answers)).toEqual({ 200: 1, 400: 19 })
    expect((await guest.post('/leave', { organizationId })).status).toBe(200)
    for (const path of ['/accept-invitation', '/reject-invitation']) {
      expect((await guest.post(path, { invitationId })).status).toBe(400)
    }
    await owner.post('/cancel-invitation', { invitationId })
    expect((await guest.post('/accept-invitation', { invitationId })).status).toBe(400)
    expect(await rolesOf(guest)).toBeNull()
  })

  it.each([
    ['/reject-invitation', 'guest'],
    ['/cancel-invitation', 'owner'],
  ])('is settled once: accepting and %s at the same time never both count', async (path, by) => {
    const guest = await person(auth)
    const invitationId = await invite(guest.email)
    const other = by === 'guest' ? guest : owner
    await Promise.all([
      guest.post('/accept-invitation', { invitationId }),
      other.post(path, { invitationId }),
    ])
    const { rows } = (await auth.$connection?.sql.query<{ status: string }>(
      'SELECT status FROM invitation WHERE id = $1',
      [invitationId],
    )) ?? { rows: [] }
    expect((await rolesOf(guest)) !== null).toBe(rows[0]?.status === 'accepted')
  })

  it('ends with its time', async () => {
    const guest = await person(auth)
    const invitationId = await invite(guest.email)
    await auth.$connection?.sql.query(
      `UPDATE invitation SET expires_at = now() - interval '1 s' WHERE id = $1`,
      [invitationId],
    )
    expect((await guest.post('/accept-invitation', { invitationId })).status).toBe(400)
  })
})

describe('the last owner', () => {
  it('cannot leave, be removed or be demoted', async () => {
    const boss = await person(auth)
    const admin = await person(auth)
    const id = await organizationBy(boss)
    await join(boss, admin, { organizationId: id, role: 'admin' })
    const memberId = (await auth.organizationOf(request(boss.cookie)))?.memberId
    for (const one of [boss, admin]) {
      expect(
        (await one.post('/remove-member', { memberIdOrEmail: boss.email, organizationId: id }))
          .status,
      ).toBe(400)
      const demoted = await one.post('/update-member-role', {
        memberId,
        role: 'member',
        organizationId: id,
      })
      expect([400, 403]).toContain(demoted.status)
    }
    expect((await boss.post('/leave', { organizationId: id })).status).toBe(400)
    expect(await ownersOf(id)).toEqual([boss.userId])
  })

  it.each(['leave', 'demote themselves', 'demote each other', 'remove each other'])(
    'is left over when two owners %s at once',
    async (what) => {
      const [one, two] = [await person(auth), await person(auth)]
      const id = await organizationBy(one)
      const second = await join(one, two, { organizationId: id, role: 'owner' })
      const first = (await auth.organizationOf(request(one.cookie), { organizationId: id }))
        ?.memberId
      const demote = (by: Person, memberId: unknown) =>
        by.post('/update-member-role', { memberId, role: 'member', organizationId: id })
      const remove = (by: Person, memberIdOrEmail: unknown) =>
        by.post('/remove-member', { memberIdOrEmail, organizationId: id })
      const both = {
        leave: () => [one, two].map((by) => by.post('/leave', { organizationId: id })),
        'demote themselves': () => [demote(one, first), demote(two, second)],
        'demote each other': () => [demote(one, second), demote(two, first)],
        'remove each other': () => [remove(one, second), remove(two, first)],
      }[what]
      const answers = await Promise.all(both?.() ?? [])
      expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1)
      for (const { status } of answers) expect([200, 400, 401, 403, 404]).toContain(status)
      expect(await ownersOf(id)).toHaveLength(1)
    },
  )

  it('may delete the organization, and an account may still be deleted', async () => {
    const boss = await person(auth)
    const guest = await person(auth)
    const id = await organizationBy(boss)
    await join(boss, guest, { organizationId: id })
    const { internalAdapter } = await auth.$context
    await internalAdapter.deleteUser(boss.userId)
    expect(await ownersOf(id)).toEqual([])
    const next = await organizationBy(owner)
    expect((await owner.post('/delete', { organizationId: next })).status).toBe(200)
  })
})

it('the embedded database keeps the same rules', async () => {
  const dataDir = mkdtempSync(joinPath(tmpdir(), 'countersign-'))
  await placeEmptyDatabase(dataDir)
  const embedded = createAuth({ dataDir, ...common })
  const [boss, guest] = [await person(embedded), await person(embedded)]
  const id = await organizationBy(boss)
  const invited = await boss.post('/invite-member', {
    email: guest.email,
    role: 'owner',
    organizationId: id,
  })
  const accept = () => guest.post('/accept-invitation', { invitationId: invited.body.id })
  expect(countStatuses(await Promise.all([accept(), accept(), accept()]))).toEqual({
    200: 1,
    400: 2,
  })
  const left = await Promise.all(
    [boss, guest].map((one) => one.post('/leave', { organizationId: id })),
  )
  expect(left.filter(({ status }) => status === 200)).toHaveLength(1)
  const roles = await Promise.all(
    [boss, guest].map((one) =>
      embedded.organizationOf(request(one.cookie), { organizationId: id }),
    ),
  )
  expect(roles.filter((context) => hasOrgRole(context, 'owner'))).toHaveLength(1)
  await embedded.$close()
  rmSync(dataDir, { recursive: true, force: true })
})

describe('vulnerability 32: what belongs to another organization is not there', () => {
  let stranger: Person
  let foreign: { id: string; slug: string; teamId: string; memberId: string; invitationId: string }
  beforeAll(async () => {
    stranger = await person(auth, { name: 'stranger' })
    await organizationBy(stranger)
    const full = await owner.get(`/get-full-organization?organizationId=${organizationId}`)
    const invited = await owner.post('/invite-member', {
      email: `${randomUUID()}@example.com`,
      role: 'member',
      organizationId,
    })
    foreign = {
      id: organizationId,
      slug: full.body.slug,
      teamId: full.body.teams[0].id,
      memberId: full.body.members[0].id,
      invitationId: invited.body.id,
    }
  })

  type Foreign = typeof foreign
  const gets: [string, (of: Foreign) => string][] = [
    ['list-members', ({ id }) => `/list-members?organizationId=${id}`],
    ['list-members by slug', ({ slug }) => `/list-members?organizationSlug=${slug}`],
    ['get-organization', ({ id }) => `/get-organization?organizationId=${id}`],
    ['get-organization by slug', ({ slug }) => `/get-organization?organizationSlug=${slug}`],
    ['get-full-organization', ({ id }) => `/get-full-organization?organizationId=${id}`],
    [
      'get-full-organization by slug',
      ({ slug }) => `/get-full-organization?organizationSlug=${slug}`,
    ],
    ['list-invitations', ({ id }) => `/list-invitations?organizationId=${id}`],
    ['list-teams', ({ id }) => `/list-teams?organizationId=${id}`],
    ['list-team-members', ({ teamId }) => `/list-team-members?teamId=${teamId}`],
    ['list-user-teams', ({ id }) => `/list-user-teams?organizationId=${id}`],
    ['get-active-member-role', ({ id }) => `/get-active-member-role?organizationId=${id}`],
    [
      'get-active-member-role by slug',
      ({ slug }) => `/get-active-member-role?organizationSlug=${slug}`,
    ],
    ['get-invitation', ({ invitationId }) => `/get-invitation?id=${invitationId}`],
  ]
  it.each(gets)('GET %s', async (_name, path) => {
    const before = await auth.organizationOf(request(stranger.cookie))
    const answer = await stranger.get(path(foreign))
    expect([403, 404]).toContain(answer.status)
    // Asking for what is not theirs takes nothing from them.
    expect(await auth.organizationOf(request(stranger.cookie))).toEqual(before)
    expect(before).not.toBeNull()
  })

  const posts: [string, (of: Foreign) => Record<string, unknown>][] = [
    ['update', ({ id }) => ({ organizationId: id, data: { name: 'Mine' } })],
    ['delete', ({ id }) => ({ organizationId: id })],
    ['set-active', ({ id }) => ({ organizationId: id })],
    ['set-active', ({ slug }) => ({ organizationSlug: slug })],
    ['leave', ({ id }) => ({ organizationId: id })],
    ['invite-member', ({ id }) => ({ organizationId: id, email: 'me@example.com', role: 'owner' })],
    ['invite-member', ({ teamId }) => ({ teamId, email: 'me@example.com', role: 'member' })],
    ['cancel-invitation', ({ invitationId }) => ({ invitationId })],
    ['accept-invitation', ({ invitationId }) => ({ invitationId })],
    ['reject-invitation', ({ invitationId }) => ({ invitationId })],
    ['remove-member', ({ id, memberId }) => ({ organizationId: id, memberIdOrEmail: memberId })],
    ['remove-member', ({ memberId }) => ({ memberIdOrEmail: memberId })],
    ['remove-member', ({ id }) => ({ organizationId: id, memberIdOrEmail: owner.email })],
    [
      'update-member-role',
      ({ id, memberId }) => ({ organizationId: id, memberId, role: 'member' }),
    ],
    ['update-member-role', ({ memberId }) => ({ memberId, role: 'member' })],
    ['create-team', ({ id }) => ({ organizationId: id, name: 'Mine' })],
    ['update-team', ({ id, teamId }) => ({ teamId, data: { name: 'Mine', organizationId: id } })],
    ['update-team', ({ teamId }) => ({ teamId, data: { name: 'Mine' } })],
    ['remove-team', ({ id, teamId }) => ({ teamId, organizationId: id })],
    ['remove-team', ({ teamId }) => ({ teamId })],
    ['set-active-team', ({ teamId }) => ({ teamId })],
    [
      'add-team-member',
      ({ id, teamId }) => ({ teamId, organizationId: id, userId: stranger.userId }),
    ],
    ['add-team-member', ({ teamId }) => ({ teamId, userId: stranger.userId })],
    [
      'remove-team-member',
      ({ id, teamId }) => ({ teamId, organizationId: id, userId: owner.userId }),
    ],
    ['remove-team-member', ({ teamId }) => ({ teamId, userId: owner.userId })],
    ['has-permission', ({ id }) => ({ organizationId: id, permissions: { member: ['create'] } })],
  ]
  it.each(posts)('POST %s (%#)', async (name, body) => {
    const before = await owner.get(`/get-full-organization?organizationId=${organizationId}`)
    const answer = await stranger.post(`/${name}`, body(foreign))
    expect([403, 404]).toContain(answer.status)
    const after = await owner.get(`/get-full-organization?organizationId=${organizationId}`)
    expect(after.body).toEqual(before.body)
  })

  it('and nothing tells what exists from what does not', async () => {
    const made: Foreign = { id: 'x', slug: 'x', teamId: 'x', memberId: 'x', invitationId: 'x' }
    const invited = /(accept|reject|get)-invitation/
    for (const [name, path] of gets.filter(([one]) => !invited.test(one))) {
      const [real, none] = [await stranger.get(path(foreign)), await stranger.get(path(made))]
      expect([name, none.status, none.body]).toEqual([name, real.status, real.body])
    }
    for (const [name, body] of posts.filter(([one]) => !invited.test(one))) {
      const [real, none] = [
        await stranger.post(`/${name}`, body(foreign)),
        await stranger.post(`/${name}`, body(made)),
      ]
      expect([name, none.status, none.body]).toEqual([name, real.status, real.body])
    }
  })

  it('every endpoint refuses nobody with 401', async () => {
    for (const [, path] of gets) {
      expect((await call(auth.handler, 'GET', `/organization${path(foreign)}`)).status).toBe(401)
    }
    for (const [name, body] of posts) {
      const answer = await call(auth.handler, 'POST', `/organization/${name}`, {
        body: body(foreign),
      })
      expect([name, answer.status]).toEqual([name, 401])
    }
  })
})

describe('bad input', () => {
  it.each([
    ['?sortBy=password', 400],
    ['?filterField=__proto__&filterValue=x', 400],
    ['?limit=abc', 400],
    ['?limit=-1', 400],
    ['?offset=1e9', 400],
    ['?limit=10&offset=0&sortBy=createdAt&sortDirection=desc', 200],
    ['?filterField=role&filterValue=owner', 200],
  ])('list-members%s is %i', async (query, status) => {
    expect((await owner.get(`/list-members${query}&organizationId=${organizationId}`)).status).toBe(
      status,
    )
  })

  it('one slug goes to one of many organizations that are created at once', async () => {
    const slug = `race-${randomUUID()}`
    const attempts = Array.from({ length: 10 }, () => owner.post('/create', { name: 'Race', slug }))
    expect(countStatuses(await Promise.all(attempts))).toEqual({ 200: 1, 400: 9 })
  })
})
