import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Check } from '../src/doctor/check.ts'
import { newCli } from './cli.ts'
import { HealthyProvider } from './support/healthy-provider.ts'
import type { Fault } from './support/healthy-provider.ts'

let server: HealthyProvider

beforeEach(async () => {
  server = await HealthyProvider.start()
})
afterEach(() => server.close())

interface Report {
  readonly code: number
  readonly ok: boolean
  readonly checks: readonly Check[]
  /** What was not found in order. */
  readonly problems: readonly Check[]
}

async function examine(url: string, ...words: string[]): Promise<Report> {
  const run = await newCli()
  const { code, json } = await run(['doctor', url, ...words, '--json'])
  const { checks, ok } = json[0] as unknown as { checks: Check[]; ok: boolean }
  return { code, ok, checks, problems: checks.filter(({ status }) => status !== 'ok') }
}

const at = (path: string, change: Fault): Fault => {
  return (reply, request, asked) => {
    if (asked === path) change(reply, request, asked)
  }
}

const withoutCors: Fault = ({ headers }) => delete headers['access-control-allow-origin']

describe('P13 doctor', () => {
  it('finds nothing wrong where nothing is, and changes nothing there', async () => {
    const { code, ok, checks, problems } = await examine(server.url)
    expect(problems).toEqual([])
    expect([code, ok]).toEqual([0, true])
    expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length)
    expect(checks.every(({ advice }) => advice === null)).toBe(true)
    expect(checks.map(({ id }) => id)).toEqual(
      expect.arrayContaining([
        'issuer',
        'jwks',
        'token_endpoint',
        'clock',
        'spoofed-host',
        'health',
      ]),
    )
  })

  it('says one line for each check, and what to do', async () => {
    server.fault = at('/.well-known/jwks.json', (reply) => (reply.status = 404))
    const run = await newCli()
    const { code, out } = await run(['doctor', server.url])
    expect(code).toBe(1)
    expect(out).toContain('ok      clock: The clocks agree.')
    expect(out).toContain(
      'failed  jwks: The key set is missing: it answers 404. Let the proxy pass this address to Countersign: nobody can verify a token without it.',
    )
    expect(out.at(-1)).toMatch(/^1 failed, 0 warnings, \d+ ok\.$/)
  })

  const faults: readonly (readonly [string, Fault, readonly string[], RegExp])[] = [
    [
      'a key set that answers 404',
      at('/.well-known/jwks.json', (reply) => (reply.status = 404)),
      ['failed jwks'],
      /key set is missing/,
    ],
    [
      'a key set with a private key',
      at('/.well-known/jwks.json', (reply) => {
        reply.body = { keys: [{ kty: 'RSA', kid: 'a', alg: 'RS256', n: 'x', e: 'x', d: 'x' }] }
      }),
      ['failed jwks'],
      /private key/,
    ],
    [
      'a page instead of a document',
      at('/.well-known/openid-configuration', (reply) => {
        reply.headers['content-type'] = 'text/html'
        reply.body = '<!doctype html><title>Home</title>'
      }),
      ['failed openid-configuration'],
      /not JSON/,
    ],
    [
      'a document that redirects',
      at('/.well-known/oauth-authorization-server', (reply) => {
        reply.status = 302
        reply.headers['location'] = '/elsewhere'
      }),
      ['failed oauth-authorization-server'],
      /redirects to \/elsewhere/,
    ],
    [
      'a proxy that passes no path-inserted documents',
      (reply, _request, path) => {
        if (path === '/.well-known/openid-configuration/api/auth') reply.status = 404
      },
      ['warning openid-configuration-inserted'],
      /some clients look/,
    ],
    [
      'two versions behind one address',
      at('/.well-known/openid-configuration/api/auth', (reply) => {
        reply.body = { ...(reply.body as object), scopes_supported: ['openid'] }
      }),
      ['failed openid-configuration-agreement'],
      /says something else/,
    ],
    [
      'a missing CORS header of the token endpoint',
      at('/api/auth/oauth2/token', withoutCors),
      ['failed cors-token'],
      /Access-Control-Allow-Origin is missing/,
    ],
    [
      'a missing CORS header of discovery',
      at('/.well-known/openid-configuration', withoutCors),
      ['failed cors-openid-metadata'],
      /Access-Control-Allow-Origin is missing/,
    ],
    [
      'a missing CORS header of the key set',
      at('/.well-known/jwks.json', withoutCors),
      ['failed cors-jwks'],
      /Access-Control-Allow-Origin is missing/,
    ],
    [
      'a proxy that eats preflights',
      (reply, { method }) => {
        if (method === 'OPTIONS') reply.status = 405
      },
      ['failed cors-preflight'],
      /may not send a token/,
    ],
    [
      'user info for every page with cookies',
      at('/api/auth/oauth2/userinfo', ({ headers }, request) => {
        headers['access-control-allow-origin'] = request.headers.origin
        headers['access-control-allow-credentials'] = 'true'
      }),
      ['failed cors-userinfo'],
      /with the cookies/,
    ],
    [
      'a clock that is two minutes ahead',
      ({ headers }) => (headers['date'] = new Date(Date.now() + 120_000).toUTCString()),
      ['failed clock'],
      /1[12]\d seconds ahead/,
    ],
    [
      'a clock that is two minutes behind',
      ({ headers }) => (headers['date'] = new Date(Date.now() - 120_000).toUTCString()),
      ['failed clock'],
      /1[12]\d seconds behind/,
    ],
    [
      'a clock that is 45 seconds ahead',
      ({ headers }) => (headers['date'] = new Date(Date.now() + 45_000).toUTCString()),
      ['warning clock'],
      /seconds ahead/,
    ],
    [
      'a Host header that is believed',
      (reply, { headers }) => {
        reply.body = rewritten(reply.body, server.url, `http://${headers.host}`)
      },
      ['failed spoofed-host'],
      /false Host header/,
    ],
    [
      'an X-Forwarded-Host header that is believed',
      (reply, { headers }) => {
        const host = headers['x-forwarded-host']
        if (host) reply.body = rewritten(reply.body, server.url, `https://${String(host)}`)
      },
      ['failed spoofed-x-forwarded-host'],
      /false X-Forwarded-Host header/,
    ],
    [
      'a redirect that repeats the Host header',
      at('/api/auth/oauth2/authorize', ({ headers }, request) => {
        headers['location'] = `http://${request.headers.host}/oauth-error`
      }),
      ['failed spoofed-host'],
      /false Host header/,
    ],
    [
      'an authorization endpoint that redirects to strangers',
      at('/api/auth/oauth2/authorize', (reply, { url = '' }) => {
        const target = new URL(url, server.url).searchParams.get('redirect_uri')
        if (target) reply.headers['location'] = `${target}?error=invalid_request`
      }),
      ['failed redirect-uri'],
      /no application has registered/,
    ],
    [
      'a token endpoint that the proxy does not pass',
      at('/api/auth/oauth2/token', (reply) => (reply.status = 404)),
      ['failed token_endpoint'],
      /it answers 404/,
    ],
    [
      'a registration that refuses nothing',
      at('/api/auth/oauth2/register', (reply) => (reply.status = 201)),
      ['failed registration_endpoint'],
      /it answers 201/,
    ],
    [
      'user info without a challenge',
      at('/api/auth/oauth2/userinfo', ({ headers }) => delete headers['www-authenticate']),
      ['failed userinfo_endpoint'],
      /without saying so/,
    ],
    [
      'an endpoint that redirects to another origin',
      at('/api/auth/oauth2/token', (reply) => {
        reply.status = 308
        reply.headers['location'] = 'https://www.example.com/api/auth/oauth2/token'
      }),
      ['failed token_endpoint'],
      /sends callers to https:\/\/www\.example\.com/,
    ],
    [
      'a cookie that scripts can read',
      at('/', ({ headers }) => (headers['set-cookie'] = 'countersign.session=x; Path=/')),
      ['failed cookies'],
      /countersign\.session lacks HttpOnly, SameSite/,
    ],
    [
      'a database that is away',
      (reply, _request, path) => {
        if (path !== '/health') return
        reply.status = 503
        reply.body = { status: 'unavailable', database: 'unavailable' }
      },
      ['failed health'],
      /The database is not well/,
    ],
    [
      'a site that lives elsewhere',
      at('/', (reply) => {
        reply.status = 301
        reply.headers['location'] = 'https://www.example.com/'
      }),
      ['failed site-redirect'],
      /sends people to https:\/\/www\.example\.com/,
    ],
    [
      'no PKCE',
      (reply) => {
        if (typeof reply.body === 'object') {
          delete (reply.body as Record<string, unknown>)['code_challenge_methods_supported']
        }
      },
      [
        'failed oauth-authorization-server',
        'failed oauth-authorization-server-inserted',
        'failed oauth-authorization-server-appended',
        'failed openid-configuration',
        'failed openid-configuration-inserted',
        'failed openid-configuration-appended',
      ],
      /lacks code_challenge_methods_supported with S256/,
    ],
  ]

  it.each(faults)('names %s', async (_title, fault, expected, message) => {
    server.fault = fault
    const { code, ok, problems } = await examine(server.url)
    expect(problems.map(({ status, id }) => `${status} ${id}`)).toEqual(expected)
    expect(problems[0]?.message).toMatch(message)
    expect(problems.every(({ advice }) => advice !== null && advice.length > 10)).toBe(true)
    const broken = expected.some((problem) => problem.startsWith('failed'))
    expect([code, ok]).toEqual(broken ? [1, false] : [0, true])
  })

  it.each([
    [
      'a proxy that shows the inner address',
      'http://10.1.2.3:4100',
      /10\.1\.2\.3.*inside a private/,
    ],
    ['a wrong base URL', 'https://other.example.com', /name https:\/\/other\.example\.com/],
  ])('names %s', async (_title, issuer, message) => {
    server.issuer = issuer
    const { code, problems } = await examine(server.url)
    expect(code).toBe(1)
    expect(problems[0]).toMatchObject({ id: 'base-url', status: 'failed' })
    expect(problems[0]?.message).toMatch(message)
    expect(problems[0]?.advice).toContain(`Set COUNTERSIGN_BASE_URL to ${server.url}`)
    // Nobody else's endpoints are touched: it asked this server for documents alone.
    expect(server.requests.filter((request) => request.includes('/oauth2/'))).toEqual([])
  })

  it('names an issuer that is not https', async () => {
    server.issuer = 'http://id.example.com'
    const { problems } = await examine(server.url)
    expect(problems.map(({ id }) => id)).toContain('issuer-https')
  })

  it('names a trailing slash of the issuer', async () => {
    server.fault = (reply) => {
      reply.body = rewritten(reply.body, `"${server.url}"`, `"${server.url}/"`)
    }
    const { code, problems } = await examine(`${server.url}/`)
    expect(code).toBe(1)
    expect(problems.map(({ id }) => id)).toEqual(['issuer-slash'])
  })

  it('examines protected resources that are named', async () => {
    const path = '/.well-known/oauth-protected-resource/mcp'
    const url = `${server.url}/mcp`
    const missing = await examine(server.url, '--resource', url)
    expect(missing.problems).toMatchObject([{ id: 'oauth-protected-resource/mcp' }])
    server.fault = at(path, (reply) => {
      reply.status = 200
      reply.body = { resource: url, authorization_servers: [server.url] }
    })
    expect((await examine(server.url, '--resource', url)).problems).toEqual([])
    server.fault = at(path, (reply) => {
      reply.status = 200
      reply.body = { resource: `${server.url}/other`, authorization_servers: [server.url] }
    })
    const other = await examine(server.url, '--resource', url)
    expect(other.problems[0]?.message).toContain('about another resource')
  })

  it('names a server that cannot be reached, and stops there', async () => {
    const { url } = server
    await server.close()
    const { code, checks } = await examine(url)
    expect(code).toBe(1)
    expect(checks).toMatchObject([{ id: 'reachable', status: 'failed' }])
    expect(checks[0]?.message).toContain('nothing listens there')
    server = await HealthyProvider.start()
  })

  it('names a certificate that nobody trusts', async () => {
    const secure = await HealthyProvider.start(await selfSigned())
    const { code, checks } = await examine(secure.url)
    await secure.close()
    expect(code).toBe(1)
    expect(checks).toMatchObject([{ id: 'reachable', status: 'failed' }])
    expect(checks[0]?.message).toContain('its certificate is self-signed')
  })

  it('prints no character of the server that steers a terminal', async () => {
    server.issuer = 'https://evil.example\u001B[2J'
    const run = await newCli()
    const { out } = await run(['doctor', server.url])
    expect(out.join('\n')).not.toContain('\u001B')
  })

  it.each([
    ['doctor', 'The address of the server is missing'],
    ['doctor http://', '"http://" is not a web address'],
    ['doctor ftp://id.example.com', 'is not a web address'],
    ['doctor http://me:secret@localhost', 'no user name and no password'],
    ['doctor localhost:1 --resource https://a.example', 'is not on http://localhost:1'],
  ])('%s is wrong usage', async (line, message) => {
    const run = await newCli()
    const { code, err } = await run(line.split(' '))
    expect(code).toBe(2)
    expect(err[0]).toContain(message)
    expect(err[0]).not.toContain('secret')
  })
})

function rewritten(body: unknown, from: string, to: string): unknown {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return text.replaceAll(from, to)
}

async function selfSigned(): Promise<{ key: string; cert: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const words = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost'
  await promisify(execFile)('openssl', [...words.split(' '), '-keyout', key, '-out', cert])
  const pair = { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') }
  await rm(folder, { recursive: true })
  return pair
}
