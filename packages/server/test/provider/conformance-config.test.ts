import { calculateJwkThumbprint, importJWK, type JWK } from 'jose'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openPostgres } from './support/flow.ts'
import { openServed, type ServedProvider } from './support/served.ts'

let provider: ServedProvider
beforeAll(async () => {
  provider = await openServed(openPostgres)
})
afterAll(() => provider.close())

async function json(url: string): Promise<Record<string, unknown>> {
  const response = await fetch(url)
  expect([url, response.status]).toEqual([url, 200])
  expect(response.headers.get('content-type')).toMatch(/^application\/(jwk-set\+)?json/)
  return (await response.json()) as Record<string, unknown>
}

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

it('PP6 oidcc-discovery-endpoint-verification', async () => {
  const document = await json(`${provider.issuer}/.well-known/openid-configuration`)
  expect(document).toMatchObject({
    issuer: provider.issuer,
    response_types_supported: ['code'],
    subject_types_supported: expect.arrayContaining(['public']),
    id_token_signing_alg_values_supported: expect.arrayContaining(['RS256']),
    scopes_supported: expect.arrayContaining(['openid']),
    claims_supported: expect.arrayContaining(['sub', 'iss', 'auth_time', 'name', 'email']),
    claim_types_supported: expect.arrayContaining(['normal']),
    claims_parameter_supported: true,
    request_parameter_supported: false,
    // Its default is true: a document without it would promise what is refused.
    request_uri_parameter_supported: false,
    grant_types_supported: expect.arrayContaining(['authorization_code', 'refresh_token']),
    token_endpoint_auth_methods_supported: expect.arrayContaining([
      'client_secret_basic',
      'client_secret_post',
    ]),
  })
  expect(document['token_endpoint_auth_signing_alg_values_supported']).not.toContain('none')
  const endpoints = Object.entries(document).filter(([name]) => /_(endpoint|uri)$/.test(name))
  expect(endpoints.map(([name]) => name)).toEqual(
    expect.arrayContaining([
      'authorization_endpoint',
      'token_endpoint',
      'userinfo_endpoint',
      'jwks_uri',
    ]),
  )
  for (const [name, url] of endpoints) {
    expect([name, new URL(String(url)).origin]).toEqual([name, provider.issuer])
    // Something answers there: bad input is refused, and nothing is missing.
    const method = name === 'jwks_uri' ? 'GET' : 'POST'
    const { status } = await fetch(String(url), { method, redirect: 'manual' })
    expect([name, status]).not.toEqual([name, 404])
    expect(status).toBeLessThan(500)
  }
  const { keys } = (await json(String(document['jwks_uri']))) as { keys: JWK[] }
  expect(keys.map(({ alg }) => alg)).toContain('RS256')
  expect(new Set(keys.map(({ kid }) => kid)).size).toBe(keys.length)
  for (const key of keys) {
    expect(key).toMatchObject({ kid: expect.any(String), use: 'sig', alg: expect.any(String) })
    expect(Object.keys(key).filter((name) => privateMembers.includes(name))).toEqual([])
    await expect(importJWK(key)).resolves.toBeDefined()
    await expect(calculateJwkThumbprint(key)).resolves.toBeDefined()
  }
})
