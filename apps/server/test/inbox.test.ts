import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { developmentInbox } from '@countersign/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium } from '../../../testing/chromium.ts'
import { freePort } from '../../../testing/free-port.ts'
import { freshDatabase } from '../../../testing/fresh-database.ts'
import { createApp } from '../src/app.ts'
import { readSettings } from '../src/settings.ts'
import { startServer, type RunningServer } from '../src/start.ts'

const directories: string[] = []
afterAll(() => directories.forEach((path) => rmSync(path, { recursive: true, force: true })))

async function start(env: Record<string, string> = {}) {
  const dataDir = mkdtempSync(join(tmpdir(), 'countersign-inbox-'))
  directories.push(dataDir)
  const PORT = String(await freePort())
  const settings = readSettings({
    PORT,
    COUNTERSIGN_DATA_DIR: dataDir,
    COUNTERSIGN_DEMO: 'false',
    COUNTERSIGN_MIGRATE: 'true',
    DATABASE_URL: await freshDatabase(),
    ...env,
  })
  return { server: await startServer(settings), port: PORT }
}

/** A request with headers that `fetch` would not send. */
function raw(port: string, path: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, headers }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (part: string) => (body += part))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
      .on('error', reject)
      .end()
  })
}

describe('the development inbox', () => {
  let server: RunningServer
  let port: string
  beforeAll(async () => {
    ;({ server, port } = await start())
  })
  afterAll(() => server.stop())

  const post = (path: string, body: object) =>
    fetch(`${server.url}/api/auth${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: server.url },
      body: JSON.stringify(body),
    })
  const messages = async () => {
    const response = await fetch(`${server.url}/dev/inbox/messages`)
    return (await response.json()) as { id: string; to: string; text: string }[]
  }

  it('shows an e-mail in a browser, and its link signs in', async () => {
    const { status } = await post('/sign-in/magic-link', { email: 'ada@example.com' })
    expect(status).toBe(200)
    await expect
      .poll(async () => (await messages()).map(({ to }) => to))
      .toEqual(['ada@example.com'])
    const browser = await launchChromium()
    try {
      const page = await browser.newPage()
      const problems: string[] = []
      page.on('pageerror', (error) => problems.push(error.message))
      await page.goto(`${server.url}/dev/inbox`)
      await page.getByRole('link', { name: 'Sign in to Countersign' }).click()
      await page.getByRole('heading', { name: 'Sign in to Countersign' }).waitFor()
      const frame = page.frameLocator('iframe')
      const button = frame.getByRole('link', { name: 'Sign in' })
      await button.waitFor()
      expect(await button.getAttribute('href')).toContain('/api/auth/magic-link/verify?token=')
      const [opened] = await Promise.all([page.context().waitForEvent('page'), button.click()])
      await opened.waitForURL(`${server.url}/`)
      const session = await opened.evaluate(async () =>
        (await fetch('/api/auth/get-session')).json(),
      )
      expect(session).toMatchObject({ user: { email: 'ada@example.com' } })
      expect(problems).toEqual([])
    } finally {
      await browser.close()
    }
  })

  it('lets people in at sign-up, and shows the link that confirms the address', async () => {
    const response = await post('/sign-up/email', {
      name: 'Grace',
      email: 'grace@example.com',
      password: 'correct horse',
    })
    expect(response.headers.get('set-cookie')).toContain('session_token=')
    await expect.poll(async () => (await messages())[0]?.to).toBe('grace@example.com')
    const id = (await messages())[0]?.id ?? ''
    const page = await (await fetch(`${server.url}/dev/inbox/${id}`)).text()
    expect(page).toMatch(/<a href="http:\/\/localhost:\d+\/api\/auth\/verify-email\?token=/)
  })

  it.each([
    ['a name that leads here', { host: 'evil.example' }],
    ['a name of the base URL’s port alone', { host: 'evil.example:4100' }],
    ['a name that begins like ours', { host: 'localhost.evil.example' }],
    ['no readable name', { host: 'a b' }],
    ['a page elsewhere', { origin: 'https://evil.example' }],
    ['a page without an origin', { origin: 'null' }],
    ['a link elsewhere', { 'sec-fetch-site': 'cross-site' }],
    ['another port of this machine', { 'sec-fetch-site': 'same-site' }],
    ['a proxy or a tunnel', { 'x-forwarded-for': '198.51.100.1' }],
    ['a proxy that says so in the newer way', { forwarded: 'for=198.51.100.1' }],
  ])('CVE-2025-66414 (vulnerability 38) is closed to %s', async (_title, headers) => {
    for (const path of ['/dev/inbox', '/dev/inbox/messages']) {
      const all: Record<string, string> = { host: `localhost:${port}`, ...headers }
      const { status, body } = await raw(port, path, all)
      expect([403, 421, 400]).toContain(status)
      expect(body).not.toMatch(/ada@|grace@|token/)
    }
  })

  it('is readable by no page elsewhere, and framed by none', async () => {
    const { headers } = await fetch(`${server.url}/dev/inbox`)
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'x-frame-options': 'DENY',
      'content-security-policy': expect.stringContaining("script-src 'self'"),
    })
    expect(headers.get('access-control-allow-origin')).toBeNull()
  })

  it('shows a hostile e-mail as text, and its HTML in a sandbox without scripts', async () => {
    const inbox = developmentInbox()
    await inbox.send({
      to: '"><script>alert(1)</script>@x',
      subject: '<img src=x onerror=alert(1)>',
      text: 'http://x/"onmouseover="alert(1) <script>alert(2)</script>',
      html: '"></iframe><script>alert(3)</script>',
    })
    const app = createApp({
      auth: { handler: async () => new Response(), $ping: async () => {} },
      consoleFiles: () => undefined,
      baseURL: 'http://localhost:4100',
      loopbackOnly: true,
      inbox,
    })
    const get = (path: string) =>
      app.request(`http://localhost:4100${path}`, { headers: { host: 'localhost:4100' } })
    const list = await (await get('/dev/inbox')).text()
    const message = await (await get(`/dev/inbox/${inbox.list()[0]?.id ?? ''}`)).text()
    expect(list + message).not.toMatch(/<script|<img|"onmouseover|"><\/iframe/)
    expect(message).toMatch(/sandbox="allow-popups allow-popups-to-escape-sandbox"/)
    expect((await get('/dev/inbox/nothing')).status).toBe(404)
  })
})

describe('where others can connect', () => {
  const secret = 'Vn3x8Qp2Lr7Zt5Yw1Kd9Hs4Jb6Mc0Fg!'

  it.each([
    ['in production', { NODE_ENV: 'production', COUNTERSIGN_HOST: '127.0.0.1' }],
    ['on every address', { COUNTERSIGN_HOST: '0.0.0.0' }],
    [
      'with a mail server',
      { COUNTERSIGN_SMTP_URL: 'smtp://127.0.0.1:1', COUNTERSIGN_MAIL_FROM: 'a@example.com' },
    ],
  ])('there is no inbox %s', async (_title, env) => {
    const { server, port } = await start({ COUNTERSIGN_SECRET: secret, ...env })
    try {
      for (const path of ['/dev/inbox', '/dev/inbox/', '/dev/inbox/messages', '//dev/inbox']) {
        const headers = { host: `localhost:${port}`, accept: 'text/html' }
        const { status, body } = await raw(port, path, headers)
        expect([path, status, body]).toEqual([path, 404, 'Not found\n'])
      }
    } finally {
      await server.stop()
    }
  })

  it('the first account signs in although nothing confirmed its address', async () => {
    const { server } = await start({
      COUNTERSIGN_SMTP_URL: 'smtp://127.0.0.1:1',
      COUNTERSIGN_MAIL_FROM: 'Example <a@example.com>',
    })
    try {
      const response = await fetch(`${server.url}/api/auth/sign-in/email`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: server.url },
        body: JSON.stringify(server.account),
      })
      expect(response.status).toBe(200)
    } finally {
      await server.stop()
    }
  })

  it.each([
    [{ COUNTERSIGN_SMTP_URL: 'smtp://mail.example.com' }, 'go together'],
    [{ COUNTERSIGN_MAIL_FROM: 'a@example.com' }, 'go together'],
    [{ COUNTERSIGN_SMTP_URL: 'mail', COUNTERSIGN_MAIL_FROM: 'a@example.com' }, 'smtp://'],
    [
      { COUNTERSIGN_SMTP_URL: 'smtp://mail.example.com', COUNTERSIGN_MAIL_FROM: 'a' },
      'must be an address',
    ],
  ])('refuses the settings %j', (env, sentence) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'countersign-inbox-'))
    directories.push(dataDir)
    expect(() => readSettings({ COUNTERSIGN_DATA_DIR: dataDir, ...env })).toThrow(sentence)
  })
})
