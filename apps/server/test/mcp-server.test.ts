import { expect, it } from 'vitest'
import {
  callTool,
  connected,
  describeMcpClients,
} from '../../../packages/resource/test/describe-mcp-clients.ts'
import { secondHost } from '../../../packages/resource/test/mcp-client.ts'
import { openOwnWorld } from './own-world.ts'

describeMcpClients('this server (PP3, M34)', openOwnWorld, (opened) => {
  it('M30 M31 M32 M33 leads from its URL to the issuer and back', async () => {
    const world = opened()
    const refused = await fetch(world.url, { method: 'POST', body: '{}' })
    expect(refused.status).toBe(401)
    const challenge = refused.headers.get('www-authenticate') ?? ''
    const [, document = ''] = challenge.match(/^Bearer resource_metadata="([^"]+)"/) ?? []
    for (const url of [document, `${world.issuer}/.well-known/oauth-protected-resource`]) {
      expect(await (await fetch(url)).json()).toMatchObject({
        resource: world.url,
        authorization_servers: [world.issuer],
        scopes_supported: ['mcp:read', 'mcp:write', 'mcp:apps'],
        bearer_methods_supported: ['header'],
      })
    }
    for (const path of ['', '/api/auth']) {
      const url = `${world.issuer}/.well-known/oauth-authorization-server${path}`
      expect(await (await fetch(url)).json()).toMatchObject({ issuer: world.issuer })
    }
  })

  it('M43 takes no token that is for the issuer itself', async () => {
    const world = opened()
    const host = await connected(world, secondHost)
    const { client } = host.storage
    const visited = new URL(`${world.issuer}/api/auth/oauth2/authorize`)
    const verifier = 'a'.repeat(64)
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))
    visited.search = new URLSearchParams({
      response_type: 'code',
      client_id: client?.client_id ?? '',
      redirect_uri: host.storage.redirectUrl,
      scope: 'mcp:read',
      state: 'state',
      code_challenge: Buffer.from(digest).toString('base64url'),
      code_challenge_method: 'S256',
    }).toString()
    const code = (await world.visit(visited)).searchParams.get('code') ?? ''
    const response = await fetch(`${world.issuer}/api/auth/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: client?.client_id ?? '',
        redirect_uri: host.storage.redirectUrl,
        code,
        code_verifier: verifier,
      }),
    })
    const { access_token: token } = (await response.json()) as { access_token: string }
    expect(token).toEqual(expect.any(String))
    expect((await callTool(world.url, token, 'whoami')).status).toBe(401)
    await host.close()
  })

  it('P12 lists the applications of the person', async () => {
    const world = opened()
    const host = await connected(world, secondHost)
    delete host.storage.stored?.refresh_token
    await expect(host.call('list_apps')).rejects.toThrow('Unauthorized')
    await host.finish(await world.visit(host.storage.takeSentTo()))
    expect(await host.call('list_apps')).toMatchObject({
      apps: expect.arrayContaining([
        expect.objectContaining({
          clientId: host.storage.client?.client_id,
          name: 'A host of the tests',
        }),
      ]) as unknown,
    })
    await host.close()
  })

  it('M44 M53 tells the organization that counts, and stops when the person leaves it', async () => {
    const world = opened()
    const { adapter } = await world.auth.$context
    const { id: organizationId } = await adapter.create<Record<string, unknown>, { id: string }>({
      model: 'organization',
      data: { name: 'Acme', slug: 'acme', createdAt: new Date() },
    })
    const membership = { organizationId, userId: world.userId }
    await adapter.create({
      model: 'member',
      data: { ...membership, role: 'member', createdAt: new Date() },
    })
    await adapter.updateMany({
      model: 'session',
      where: [{ field: 'userId', value: world.userId }],
      update: { activeOrganizationId: organizationId },
    })
    const host = await connected(world, secondHost)
    const identity = { user_id: world.userId, organization_id: organizationId }
    expect(await host.call('whoami')).toMatchObject(identity)
    const token = host.storage.stored?.access_token ?? ''
    expect((await callTool(world.url, token, 'whoami')).status).toBe(200)
    const where = Object.entries(membership).map(([field, value]) => ({ field, value }))
    await adapter.deleteMany({ model: 'member', where })
    expect((await callTool(world.url, token, 'whoami')).status).toBe(401)
    await host.close()
  })

  it('M53 a token of somebody who is banned stops at once', async () => {
    const world = opened()
    const host = await connected(world, secondHost)
    const token = host.storage.stored?.access_token ?? ''
    expect((await callTool(world.url, token, 'whoami')).status).toBe(200)
    const { internalAdapter } = await world.auth.$context
    await internalAdapter.updateUser(world.userId, { banned: true })
    expect((await callTool(world.url, token, 'whoami')).status).toBe(401)
    await internalAdapter.updateUser(world.userId, { banned: false })
    await host.close()
  })
})
