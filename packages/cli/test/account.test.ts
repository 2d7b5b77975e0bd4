import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newCli } from './cli.ts'
import type { Run, RunOptions } from './cli.ts'
import { AdministrationServer } from './support/administration-server.ts'

let server: AdministrationServer
let home: string
let run: (argv: string[], options?: RunOptions) => Promise<Run>

beforeEach(async () => {
  server = await AdministrationServer.start()
  home = await mkdtemp(join(tmpdir(), 'countersign-'))
  run = await newCli(home)
})
afterEach(async () => {
  await server.close()
  await rm(home, { recursive: true, force: true })
})

const login = (...more: string[]) => run(['login', server.url, ...more])
const spentRefreshTokens = () =>
  server.requests.filter(({ body }) => body['grant_type'] === 'refresh_token').length

describe('PA11 signing in', () => {
  it('shows the code, opens the page, waits, and says who it is', async () => {
    const { code, out, opened } = await login()
    expect(out).toEqual([
      `Approve at: ${server.url}/device?user_code=BCDF-GHJK`,
      'Code: BCDF-GHJK',
      'Opened in your browser.',
      'Waiting for you to decide. Ctrl-C stops.',
      `Signed in to ${server.url} as Ada <ada@example.com>.`,
    ])
    expect([code, opened]).toEqual([0, [`${server.url}/device?user_code=BCDF-GHJK`]])
    expect((await run(['whoami'])).out).toEqual([`Ada <ada@example.com> at ${server.url}`])
  })

  it('prints lines of JSON for a program, and no token', async () => {
    const { code, json, out, opened } = await run(['login', server.url], { interactive: false })
    expect([code, opened]).toEqual([0, []])
    expect(json).toMatchObject([
      { event: 'approval_required', issuer: server.url, user_code: 'BCDF-GHJK' },
      { issuer: server.url, sub: 'u1', name: 'Ada', email: 'ada@example.com' },
    ])
    expect(out.join('\n')).not.toMatch(/cs_at_|cs_rt_|device-code/)
  })

  it('keeps the tokens encrypted, for their owner alone', async () => {
    await login()
    const file = join(home, 'sign-ins.json')
    expect(((await stat(file)).mode & 0o777).toString(8)).toBe('600')
    for (const name of await readdir(home)) {
      expect(await readFile(join(home, name), 'latin1')).not.toMatch(/cs_at_|cs_rt_/)
    }
  })

  it.each([
    ['denied', 11, 'The sign-in was denied.'],
    ['expired', 11, 'The code has expired. Start again.'],
  ] as const)('ends when it is %s', async (decision, exit, message) => {
    server.decision = decision
    const { code, err } = await login()
    expect([code, err]).toEqual([exit, [message]])
    expect((await run(['whoami'])).code).toBe(11)
  })

  it('asks nobody when the answer could not be kept', async () => {
    const file = join(home, 'file')
    await writeFile(file, '')
    const cli = await newCli(file)
    const { code, out, err } = await cli(['login', server.url])
    expect([code, out]).toEqual([10, []])
    expect(err).toHaveLength(1)
    expect(err[0]).toMatch(/file cannot be used \(E[A-Z]+\)\. Set COUNTERSIGN_HOME to a folder/)
    expect((await cli(['agent', 'connections'])).code).toBe(2)
  })

  it('stops with Ctrl-C while it waits', async () => {
    server.decision = 'waiting'
    const interruption = new AbortController()
    const { code, err } = await run(['login', server.url], {
      signal: interruption.signal,
      onPrint: (line) => {
        if (line.startsWith('Waiting')) interruption.abort(new Error('Interrupted.'))
      },
    })
    expect([code, err]).toEqual([130, ['Stopped.']])
  })

  it('renews the tokens before they end, and once after they ended early', async () => {
    server.expiresIn = 10
    await login()
    expect((await run(['oidc', 'list'])).code).toBe(0)
    expect(spentRefreshTokens()).toBe(1)
    server.expiresIn = 600
    await run(['oidc', 'list'])
    expect(spentRefreshTokens()).toBe(2)
    await run(['oidc', 'list'])
    expect(spentRefreshTokens()).toBe(2)
    server.tokens.clear()
    expect((await run(['oidc', 'list'])).code).toBe(0)
    expect(spentRefreshTokens()).toBe(3)
  })

  it('says that a sign-in has ended, and forgets it', async () => {
    await login()
    server.tokens.clear()
    server.refreshTokens.clear()
    const { code, err } = await run(['oidc', 'list'])
    expect([code, err]).toEqual([
      11,
      [`Your sign-in at ${server.url} has ended. Sign in with: countersign login ${server.url}`],
    ])
    expect((await run(['whoami', '--json'])).json).toMatchObject([{ error: 'not_signed_in' }])
  })

  it('signs out here and there, and here alone when nobody answers there', async () => {
    await login()
    const [refresh] = server.refreshTokens
    expect((await run(['logout'])).out).toEqual([`Signed out of ${server.url}.`])
    expect(server.revoked).toEqual([refresh])
    expect((await run(['logout'])).code).toBe(11)
    await login()
    const { url } = server
    await server.close()
    const away = await run(['logout', '--json'])
    expect([away.code, away.json]).toEqual([0, [{ issuer: url, revoked: false }]])
    expect((await run(['whoami'])).code).toBe(11)
    server = await AdministrationServer.start()
  })

  it('takes the last server, or the one that is named', async () => {
    const other = await AdministrationServer.start()
    await login()
    await run(['login', other.url])
    expect((await run(['whoami', '--json'])).json).toMatchObject([{ issuer: other.url }])
    const named = await run(['whoami', '--server', server.url, '--json'])
    expect(named.json).toMatchObject([{ issuer: server.url }])
    const env = { COUNTERSIGN_SERVER: server.url }
    expect((await run(['whoami', '--json'], { env })).json).toMatchObject([{ issuer: server.url }])
    await other.close()
  })

  it('uses COUNTERSIGN_TOKEN, only at a server that is named', async () => {
    await login()
    const env = { COUNTERSIGN_TOKEN: server.token() }
    const unnamed = await run(['oidc', 'list'], { env })
    expect(unnamed.code).toBe(10)
    expect(unnamed.err[0]).toContain('--server')
    const named = await run(['oidc', 'list', '--server', server.url], { env })
    expect(named.code).toBe(0)
    expect(server.requests.at(-1)?.authorization).toBe(`Bearer ${env.COUNTERSIGN_TOKEN}`)
    const wrong = { COUNTERSIGN_TOKEN: 'wrong', COUNTERSIGN_SERVER: server.url }
    expect((await run(['oidc', 'list'], { env: wrong })).code).toBe(11)
  })

  it.each([
    ['login', 10, 'The address of the server is missing'],
    ['login http://id.example.com', 10, 'is no address of a server'],
    ['login https://me:secret@id.example.com', 10, 'no user name and no password'],
    ['login http://127.0.0.1:9', 14, 'http://127.0.0.1:9 cannot be reached.'],
    ['whoami', 11, 'You are not signed in. Sign in with: countersign login <url>'],
    ['logout --nope', 10, 'There is no option --nope'],
  ])('%s ends with %i', async (line, exit, message) => {
    const { code, err } = await run(line.split(' '))
    expect(code).toBe(exit)
    expect(err[0]).toContain(message)
    expect(err[0]).not.toContain('secret')
  })

  it('sends no code to a server that speaks for another', async () => {
    const { port } = new URL(server.url)
    const { code, err } = await run(['login', `http://127.0.0.1:${port}`])
    expect(code).toBe(14)
    expect(err[0]).toContain('speaks for another address')
    expect(server.requests).toHaveLength(1)
  })
})
