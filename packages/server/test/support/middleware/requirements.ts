import { expect } from 'vitest'
import { type ApplicationTest, apiKey, bearer } from './application.ts'

/** What a guard asks of somebody it knows: role, permission, scope, kind of credential. */
export function requirements(it: ApplicationTest): void {
  it('asks for a role, and says which is missing', async ({ world, cookie, get }) => {
    expect(await get('/role', { cookie })).toMatchObject({
      status: 200,
      body: { roles: ['owner'] },
    })
    const refused = await get('/role', { cookie: world.clerk.cookie })
    expect(refused).toMatchObject({
      status: 403,
      body: {
        error: 'unauthorized',
        message: 'This needs the role owner or admin in the organization.',
        missing: { role: ['owner', 'admin'] },
      },
    })
    expect(refused.headers['www-authenticate']).toBeUndefined()
    for (const headers of [{ cookie: world.stranger.cookie }, apiKey(world.key)]) {
      expect(await get('/role', headers)).toMatchObject({
        status: 403,
        body: { missing: { organization: true } },
      })
    }
    expect((await get('/role')).status).toBe(401)
  })

  it('asks a key and a service for a permission', async ({ world, cookie, get }) => {
    const writer = await world.makeKey({ permissions: { reports: ['read', 'write'] } })
    expect((await get('/permission', apiKey(writer))).status).toBe(200)
    expect((await get('/permission', { cookie })).status).toBe(200)
    for (const headers of [apiKey(world.key), bearer(world.staticToken)]) {
      expect(await get('/permission', headers)).toMatchObject({
        status: 403,
        body: {
          error: 'unauthorized',
          missing: { permission: [{ resource: 'reports', action: 'write' }] },
        },
      })
    }
  })

  it('asks for a permission by role, in the organization', async ({ world, cookie, get }) => {
    expect((await get('/organization', { cookie: world.clerk.cookie })).status).toBe(200)
    expect(await get('/organization', { cookie })).toMatchObject({
      status: 403,
      body: { missing: { permission: [{ resource: 'reports', action: 'read' }] } },
    })
    expect((await get('/organization', { cookie: world.stranger.cookie })).status).toBe(403)
  })

  it('asks for scopes, and names all that are needed', async ({ world, cookie, get }) => {
    const writer = await world.makeKey({ permissions: { reports: ['read', 'write'] } })
    for (const headers of [apiKey(writer), bearer(world.jwt), { cookie }]) {
      expect((await get('/scope', headers)).status).toBe(200)
    }
    const refused = await get('/scope', apiKey(world.key))
    expect(refused).toMatchObject({
      status: 403,
      body: { error: 'unauthorized', missing: { scope: ['reports:write'] } },
    })
    expect(refused.headers['www-authenticate']).toBe(
      'Bearer error="insufficient_scope", scope="reports:read reports:write"',
    )
  })

  it('lets an agent in only where agents are named', async ({ world, cookie, get }) => {
    expect((await get('/any', bearer(await world.agentJwt()))).status).toBe(401)
    expect((await get('/optional', bearer(await world.agentJwt()))).body).toMatchObject({
      auth: { authMethod: 'none', kind: 'anonymous' },
    })
    expect(await get('/agent', bearer(await world.agentJwt()))).toMatchObject({
      status: 200,
      body: { auth: { authMethod: 'agent', kind: 'agent', user: null } },
    })
    expect((await get('/agent', { cookie })).headers['www-authenticate']).toContain('AgentAuth')
  })
}
