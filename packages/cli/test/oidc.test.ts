import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newCli } from './cli.ts'
import type { Run, RunOptions } from './cli.ts'
import { AdministrationServer } from './support/administration-server.ts'
import { keys, TestPerson } from './support/person.ts'

let server: AdministrationServer
let run: (argv: string[], options?: RunOptions) => Promise<Run>

beforeEach(async () => {
  server = await AdministrationServer.start()
  const cli = await newCli()
  const env = { COUNTERSIGN_SERVER: server.url, COUNTERSIGN_TOKEN: server.token() }
  run = (argv, options) => cli(['oidc', ...argv], { env, ...options })
})
afterEach(() => server.close())

const words = (line: string) => line.split(' ')
const oidc = (line: string, options?: RunOptions) => run(words(line), options)
const sent = (method: string) => server.requests.findLast((request) => request.method === method)

const shop = [
  '--name',
  'Shop',
  '--type',
  'confidential',
  '--redirect-uris',
  'https://shop.example/cb',
]

async function created(...more: string[]): Promise<string> {
  const { json } = await run(['create', ...shop, ...more, '--json'])
  return (json[0] as { client: { client_id: string } }).client.client_id
}

describe('PA11 O23 O24 countersign oidc create', () => {
  it('O24 O60 sends every flag, and ends with a .env that has the secret', async () => {
    const { code, out } = await run([
      'create',
      ...shop,
      'http://localhost:3000/cb,https://shop.example/other',
      '--description',
      'Sells things',
      ...words('--homepage-url https://shop.example --scopes openid,profile offline_access'),
      ...words('--organization org_1 --post-logout-redirect-uris https://shop.example/bye'),
      ...words('--dpop yes --access-token-lifetime 300 --allowed-users u1 u2'),
      ...words('--subject-type pairwise --grant-types authorization_code refresh_token'),
    ])
    expect(code).toBe(0)
    expect(sent('POST')?.body).toEqual({
      name: 'Shop',
      description: 'Sells things',
      homepage_url: 'https://shop.example',
      client_type: 'confidential',
      redirect_uris: [
        'https://shop.example/cb',
        'http://localhost:3000/cb',
        'https://shop.example/other',
      ],
      post_logout_redirect_uris: ['https://shop.example/bye'],
      scopes: ['openid', 'profile', 'offline_access'],
      grant_types: ['authorization_code', 'refresh_token'],
      organization_id: 'org_1',
      access_token_lifetime: 300,
      allowed_users: ['u1', 'u2'],
      subject_type: 'pairwise',
      dpop_bound_access_tokens: true,
    })
    const [client] = server.clients.values()
    expect(out.slice(0, 6)).toEqual([
      'Created Shop.',
      '',
      '# .env',
      `OAUTH_ISSUER=${server.url}`,
      `OAUTH_CLIENT_ID=${String(client?.['client_id'])}`,
      'OAUTH_CLIENT_SECRET=cs_cs_only-once',
    ])
  })

  it('makes a public application without a secret', async () => {
    const line = 'create --name App --type public --redirect-uris com.example.app:/cb'
    const { code, out } = await oidc(line)
    expect(code).toBe(0)
    expect(out.join('\n')).not.toContain('CLIENT_SECRET')
  })

  it('needs no redirect URI for an application without people', async () => {
    const line = 'create --name Job --type confidential --grant-types client_credentials'
    expect((await oidc(line)).code).toBe(0)
  })

  it('knows grants by a short name, and where answers of CIBA are told', async () => {
    const line = 'create --name Till --type confidential --grant-types ciba device_code'
    const ping = '--ciba-mode ping --ciba-ping-url https://till.example/ping'
    expect((await oidc(`${line} ${ping}`)).code).toBe(0)
    expect(sent('POST')?.body).toMatchObject({
      grant_types: [
        'urn:openid:params:grant-type:ciba',
        'urn:ietf:params:oauth:grant-type:device_code',
      ],
      backchannel_token_delivery_mode: 'ping',
      backchannel_client_notification_endpoint: 'https://till.example/ping',
    })
  })

  it.each([
    ['create', '--name is missing'],
    ['create --name Shop', '--type is missing'],
    ['create --name Shop --type public', '--redirect-uris is missing'],
    ['create --name Shop --type secret', '--type is public or confidential, not "secret"'],
    ['create --redirect-uris nonsense', '--redirect-uris: "nonsense" is not a URL'],
    ['create --access-token-lifetime soon', '--access-token-lifetime is a number of seconds'],
    ['create --dpop maybe', '--dpop is yes or no'],
    ['update', 'The client id is missing'],
    ['update c1', 'Say what to change'],
    ['update c1 --disable --enable', 'Use either --disable or --enable'],
    ['get ..', '".." is not an id'],
    ['delete c1', '--yes is missing'],
    ['rotate-secret c1', '--yes is missing'],
    ['rotate-secret c1 --overlap later', '--overlap is a number of seconds'],
    ['revoke c1 --user .. --yes', '".." is not an id'],
    ['consents --revoke shop', '--yes is missing'],
    ['rotate-keys', '--yes is missing'],
    ['activity --days 0', '--days is a number'],
    ['activity --days 367', '--days is a number from 1 to 366, not "367"'],
    ['create --ciba-mode push', '--ciba-mode is poll or ping, not "push"'],
    ['craete', 'There is no oidc command "craete". Did you mean create?'],
  ])('PA11 without a terminal "%s" is invalid and says what is missing', async (line, message) => {
    const { code, err } = await oidc(line)
    expect(code).toBe(10)
    expect(err[0]).toContain(message)
    expect(server.requests).toEqual([])
  })

  it('O59 asks on a terminal for what is missing, with a picker of scopes', async () => {
    const person = new TestPerson([
      ['What may it ask for?', keys.down, keys.down, keys.space, keys.enter],
      ['its name', 'Shop', keys.enter],
      ['Where does it run?', keys.down, keys.enter],
      ['Redirect URIs', 'https://shop.example/cb', keys.enter],
    ])
    const { code, out } = await run(['create'], { dialog: person.dialog })
    expect([code, out[0]]).toEqual([0, 'Created Shop.'])
    expect(sent('POST')?.body).toEqual({
      name: 'Shop',
      client_type: 'public',
      redirect_uris: ['https://shop.example/cb'],
      scopes: ['openid', 'profile', 'offline_access'],
    })
    expect(person.seen).toContain('oidc:admin: Manage applications (sensitive)')
  })

  it('asks nothing that was said, and nothing with --json', async () => {
    const person = new TestPerson([['What may it ask for?', keys.enter]])
    const { code } = await run(['create', ...shop], { dialog: person.dialog })
    expect(code).toBe(0)
    expect(sent('POST')?.body['scopes']).toEqual(['openid', 'profile'])
    expect(person.seen).not.toContain('its name')
    const silent = new TestPerson([])
    const json = await run(['create', '--json'], { dialog: silent.dialog })
    expect([json.code, silent.seen]).toEqual([10, ''])
    expect(json.json).toMatchObject([{ error: 'usage' }])
  })

  it.each([
    ['the picker', [['What may it ask for?', keys.cancel]]],
    [
      'a text',
      [
        ['What may it ask for?', keys.enter],
        ['its name', 'S', keys.cancel],
      ],
    ],
  ] as const)('ends with 16 when %s is left', async (_title, plan) => {
    const { code, err } = await run(['create'], { dialog: new TestPerson(plan).dialog })
    expect([code, err]).toEqual([16, ['Cancelled. Nothing was changed.']])
    expect(server.clients.size).toBe(0)
  })
})

describe('PA11 O61 S66 the other commands', () => {
  it('O25 shows a secret when it is made, and never again', async () => {
    const { json } = await run(['create', ...shop, '--json'])
    expect(json[0]).toMatchObject({ client_secret: 'cs_cs_only-once', issuer: server.url })
    const [id = ''] = server.clients.keys()
    // Even a server that tells more than it should is not repeated.
    server.clients.set(id, { ...server.clients.get(id), client_secret: 'leaked' })
    for (const line of ['list', 'list --json', `get ${id}`, `get ${id} --json`]) {
      const { code, out } = await oidc(line)
      expect(code).toBe(0)
      expect(out.join('\n')).toContain(id)
      expect(out.join('\n')).not.toMatch(/leaked|cs_cs_/)
    }
  })

  it('changes what is named, and takes away what is empty', async () => {
    const id = await created()
    const changes = ['--name', 'Store', '--description', '', '--allowed-users', '', '--disable']
    const { code, out } = await run(['update', id, ...changes])
    expect(code).toBe(0)
    expect(sent('PUT')?.body).toEqual({
      name: 'Store',
      description: null,
      allowed_users: null,
      disabled: true,
    })
    expect(out.join('\n')).toMatch(/Name: +Store/)
  })

  it('rotates a secret, with an overlap', async () => {
    const id = await created()
    const { code, out } = await oidc(`rotate-secret ${id} --overlap 60 --yes`)
    expect(code).toBe(0)
    expect(sent('POST')?.body).toEqual({ overlap_seconds: 60 })
    expect(out.join('\n')).toMatch(/CLIENT_SECRET=cs_cs_[\w-]{36}/)
  })

  it('lists, disconnects and deletes', async () => {
    const id = await created()
    expect((await oidc(`users ${id}`)).out[1]).toMatch(/^u1 +Ada +ada@example\.com +openid/)
    expect((await oidc(`revoke ${id} --user u1 --yes`)).out).toEqual([
      `Disconnected u1 from ${id}.`,
    ])
    expect(sent('DELETE')?.path).toBe(`/api/auth/oidc/clients/${id}/users/u1`)
    expect((await oidc(`revoke ${id} --yes`)).code).toBe(0)
    expect(sent('DELETE')?.path).toBe(`/api/auth/oidc/clients/${id}/users`)
    expect((await oidc(`revoke ${id} --user no --yes --json`)).json).toMatchObject([{ revoked: 0 }])
    expect((await oidc('get nobody')).code).toBe(12)
    expect((await oidc(`activity --client ${id}`)).out[1]).toMatch(/^2026-01-02 +3 +2$/)
    expect((await oidc('activity --days 1 --json')).json).toEqual([
      { activity: [{ date: '2026-01-02', total: 3, unique_users: 2 }] },
    ])
    expect((await oidc('consents')).out[1]).toMatch(/^shop +Shop +openid/)
    expect((await oidc('consents --revoke shop --yes')).code).toBe(0)
    expect((await oidc('scopes')).out.at(-1)).toMatch(
      /^oidc:admin +Manage applications +sensitive$/,
    )
    expect((await oidc('rotate-keys --yes --json')).json).toEqual([{ kid: 'key-2' }])
    expect((await oidc(`delete ${id} --yes`)).out).toEqual([`Deleted ${id}.`])
    expect((await oidc('list')).out).toEqual(['No applications yet.'])
  })

  it('asks before it ends something; Enter means no', async () => {
    const id = await created()
    const answering = (...pressed: string[]) => {
      const { dialog } = new TestPerson([[`Delete ${id}?`, ...pressed]])
      return run(['delete', id], { dialog })
    }
    expect((await answering(keys.enter)).code).toBe(16)
    expect((await answering(keys.cancel)).code).toBe(16)
    expect(server.clients.has(id)).toBe(true)
    expect((await answering('y')).code).toBe(0)
    expect(server.clients.has(id)).toBe(false)
  })

  it('takes the URL of a metadata document as an id', async () => {
    const id = 'https://app.example/client.json'
    server.clients.set(id, { id: 'row-1', client_id: id, name: 'App' })
    expect((await oidc(`get ${id} --json`)).json).toMatchObject([{ client: { client_id: id } }])
    expect((await oidc(`get ${id}x`)).code).toBe(12)
  })

  it('prints no character of a name that steers a terminal', async () => {
    server.clients.set('c1', { client_id: 'c1', name: '\u001B[2JShop\nOther' })
    for (const line of ['list', 'get c1']) {
      expect((await oidc(line)).out.join('')).not.toContain('\u001B')
    }
  })

  it.each([
    ['a refusal', { status: 400, body: { error: 'invalid_request', message: 'No.' } }, 10],
    ['no sign-in', { status: 401, body: { error: 'authentication_required', message: 'No.' } }, 11],
    ['nothing there', { status: 404, body: { error: 'not_found', message: 'No.' } }, 12],
    ['a lack of rights', { status: 403, body: { error: 'unauthorized', message: 'No.' } }, 13],
    [
      'a database that is away',
      { status: 503, body: { error: 'unavailable', message: 'No.' } },
      14,
    ],
    ['haste', { status: 429, body: { error: 'rate_limited', message: 'No.' } }, 14],
    ['another server', { status: 200, body: '<!doctype html>' }, 14],
    ['a server without the provider', { status: 404, body: 'Not found' }, 14],
  ])('PA11 tells %s by its exit code', async (_title, broken, exit) => {
    server.broken = broken
    const { code, json } = await oidc('list --json')
    expect(code).toBe(exit)
    expect(json).toMatchObject([{ error: expect.any(String), message: expect.any(String) }])
  })

  it('PA11 tells somebody who is no administrator from somebody who is away', async () => {
    const env = { COUNTERSIGN_SERVER: server.url, COUNTERSIGN_TOKEN: server.token(false) }
    const { code, err } = await oidc('list', { env })
    expect(code).toBe(13)
    expect(err[0]).toContain('This takes an administrator')
    await server.close()
    const away = await oidc('list', { env })
    expect([away.code, away.err]).toEqual([
      14,
      [`${server.url} cannot be reached. Nothing listens there.`],
    ])
    server = await AdministrationServer.start()
  })

  it('follows no redirect with a token', async () => {
    server.broken = { status: 307, body: {} }
    expect((await oidc('list')).code).toBe(14)
  })
})
