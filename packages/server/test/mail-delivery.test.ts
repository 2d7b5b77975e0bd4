import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { afterEach, describe, expect, it } from 'vitest'
import { ConfigurationError, developmentInbox, smtp } from '../src/index.ts'
import type { MailMessage, MailTransport } from '../src/index.ts'
import { mailName, renderLetter } from '../src/mail/letter.ts'
import { invitationLetter, resetLetter, verificationLetter } from '../src/mail/letters.ts'
import { Outbox } from '../src/mail/outbox.ts'
import { certificate } from './support/certificate.ts'

const message: MailMessage = {
  to: 'ada@example.com',
  subject: 'Hello',
  text: 'https://id.example.com/link?token=secret',
  html: '<p>Hello</p>',
}

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

function outboxOf(
  transport: MailTransport,
  options: { capacity?: number; delays?: number[] } = {},
) {
  const log: string[] = []
  const outbox = new Outbox({
    transport,
    log: (level, line) => log.push(`${level}: ${line}`),
    delays: [1, 1, 1],
    ...options,
  })
  closing.push(() => outbox.close())
  return { outbox, log }
}

describe('the outbox', () => {
  it('sends nothing in the turn that posts', async () => {
    const inbox = developmentInbox()
    const { outbox } = outboxOf(inbox)
    outbox.post('test', message)
    await Promise.resolve()
    expect(inbox.list()).toEqual([])
    await expect.poll(() => inbox.list()).toMatchObject([message])
  })

  it('tries again, and says so without address or link', async () => {
    let attempts = 0
    const inbox = developmentInbox()
    const { outbox, log } = outboxOf({
      async send(mail) {
        attempts += 1
        if (attempts < 3) throw Object.assign(new Error(`no ${mail.to}`), { code: 'ECONNREFUSED' })
        await inbox.send(mail)
      },
    })
    outbox.post('test', message)
    await expect.poll(() => inbox.list()).toHaveLength(1)
    expect(log).toEqual(Array(2).fill('warn: An e-mail (test) is tried again: ECONNREFUSED'))
  })

  it.each([
    ['after the last attempt', {}, 'the transport failed', 4],
    [
      'at once when the server refuses for good',
      { responseCode: 550 },
      'the mail server answered 550',
      1,
    ],
    [
      'after the last attempt when it is busy',
      { responseCode: 421 },
      'the mail server answered 421',
      4,
    ],
    ['with a code that says too much', { code: 'ada@example.com' }, 'the transport failed', 4],
  ])('gives up %s', async (_title, details, reason, expected) => {
    let attempts = 0
    const { outbox, log } = outboxOf({
      async send({ to, text }) {
        attempts += 1
        throw Object.assign(new Error(`${to} ${text}`), details)
      },
    })
    outbox.post('test', message)
    await expect.poll(() => log.at(-1)).toBe(`error: An e-mail (test) was not sent: ${reason}`)
    expect(attempts).toBe(expected)
    expect(log.join('\n')).not.toMatch(/ada@|token/)
  })

  it('is bounded, and drops what does not fit', async () => {
    const { outbox, log } = outboxOf({ send: () => new Promise(() => {}) }, { capacity: 5 })
    for (let count = 0; count < 20; count += 1) outbox.post('test', message)
    expect(log).toEqual(
      Array(15).fill('error: An e-mail (test) was not sent: the queue is full or closed'),
    )
    closing.length = 0
  })

  it('speaks to the mail server a few times at once, and no more', async () => {
    let speaking = 0
    let most = 0
    let sent = 0
    const { outbox } = outboxOf({
      async send() {
        speaking += 1
        most = Math.max(most, speaking)
        await new Promise((resolve) => setTimeout(resolve, 1))
        speaking -= 1
        sent += 1
      },
    })
    for (let count = 0; count < 30; count += 1) outbox.post('test', message)
    await expect.poll(() => sent).toBe(30)
    expect(most).toBe(4)
  })

  it('drops what waits when it closes, and takes nothing more', async () => {
    const inbox = developmentInbox()
    const { outbox, log } = outboxOf(inbox)
    outbox.post('test', message)
    await outbox.close()
    outbox.post('test', message)
    expect(inbox.list()).toEqual([])
    expect(log).toEqual([
      'error: 1 e-mails were not sent: the server stops',
      'error: An e-mail (test) was not sent: the queue is full or closed',
    ])
  })
})

describe('the development inbox', () => {
  it('keeps the last messages, the newest first', async () => {
    const inbox = developmentInbox(2)
    for (const subject of ['1', '2', '3']) await inbox.send({ ...message, subject })
    const [newest] = inbox.list()
    expect(inbox.list().map(({ subject }) => subject)).toEqual(['3', '2'])
    expect(inbox.find(newest?.id ?? '')).toBe(newest)
    expect(inbox.find('1')).toBeUndefined()
  })
})

interface Delivered {
  readonly from: string
  readonly to: string[]
  readonly secure: boolean
  readonly user: string | undefined
  readonly content: string
}

/** A real mail server on a free port. */
async function mailServer(options: ConstructorParameters<typeof SMTPServer>[0] = {}) {
  const delivered: Delivered[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onAuth: ({ username, password }, _session, done) =>
      password === 'p@ss' ? done(null, { user: username }) : done(new Error('wrong')),
    onData(stream, { envelope, secure, user }, done) {
      let content = ''
      stream.setEncoding('utf8').on('data', (part: string) => (content += part))
      stream.on('end', () => {
        delivered.push({
          from: envelope.mailFrom ? envelope.mailFrom.address : '',
          to: envelope.rcptTo.map(({ address }) => address),
          secure,
          user,
          content,
        })
        done()
      })
    },
    ...options,
  })
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => new Promise<void>((resolve) => server.close(() => resolve())))
  const { port } = server.server.address() as AddressInfo
  return { delivered, port }
}

describe('smtp', () => {
  it('delivers text and HTML to one address, from the configured sender', async () => {
    const { delivered, port } = await mailServer({ allowInsecureAuth: true })
    const transport = smtp({
      url: `smtp://us%65r:p%40ss@127.0.0.1:${port}`,
      from: 'Example, Inc. <no-reply@example.com>',
    })
    await transport.send(message)
    expect(delivered).toMatchObject([
      { from: 'no-reply@example.com', to: ['ada@example.com'], secure: false, user: 'user' },
    ])
    const content = delivered[0]?.content
    expect(content).toMatch(/^From: "Example, Inc\." <no-reply@example\.com>$/im)
    expect(content).toMatch(/Content-Type: text\/plain[^]*Content-Type: text\/html/i)
  })

  it('turns no address into two', async () => {
    const { delivered, port } = await mailServer()
    const transport = smtp({ url: `smtp://127.0.0.1:${port}`, from: 'no-reply@example.com' })
    const to = 'ada@example.com, eve@evil.example'
    await transport.send({ ...message, to }).catch(() => {})
    expect(delivered.flatMap((mail) => mail.to)).not.toContain('eve@evil.example')
    await transport.send({ ...message, subject: 'Hi\r\nBcc: eve@evil.example' })
    expect(delivered.flatMap((mail) => mail.to)).not.toContain('eve@evil.example')
    expect(delivered.at(-1)?.content).not.toMatch(/^Bcc:/im)
  })

  it('rejects with what the server answered', async () => {
    const { port } = await mailServer({
      onRcptTo: (_address, _session, done) =>
        done(Object.assign(new Error('no such person'), { responseCode: 550 })),
    })
    const transport = smtp({ url: `smtp://127.0.0.1:${port}`, from: 'no-reply@example.com' })
    await expect(transport.send(message)).rejects.toMatchObject({ responseCode: 550 })
  })

  it('trusts no certificate that nobody vouches for', async () => {
    const { delivered, port } = await mailServer({ secure: true, ...certificate })
    const transport = smtp({ url: `smtps://127.0.0.1:${port}`, from: 'no-reply@example.com' })
    await expect(transport.send(message)).rejects.toThrow(/self-signed|certificate/i)
    expect(delivered).toEqual([])
  })

  it.each([
    [{ url: 'mail.example.com' }, 'smtp://user:password@host:587'],
    [{ url: 'https://mail.example.com' }, 'smtp://user:password@host:587'],
    [{ url: 'smtp://mail.example.com?tls=off' }, 'smtp://user:password@host:587'],
    [{ url: 'smtp://u:%zz@mail.example.com' }, 'percent-encoded'],
    [{ from: 'Example' }, 'must be an address'],
    [{ from: 'Example <a@example.com>\r\nBcc: b@example.com' }, 'must be an address'],
  ])('refuses %j at start', (wrong, sentence) => {
    const options = { url: 'smtp://mail.example.com', from: 'a@example.com', ...wrong }
    expect(() => smtp(options)).toThrow(ConfigurationError)
    expect(() => smtp(options)).toThrow(sentence)
  })
})

describe('letters', () => {
  it('escape what they show, and keep the link whole', () => {
    const url = 'https://id.example.com/x?a=1&b="<>\''
    const { html, text } = renderLetter('ada@example.com', resetLetter('A & <b>B</b>', url))
    expect(html).toContain('href="https://id.example.com/x?a=1&amp;b=&quot;&lt;&gt;&#39;"')
    expect(html).toContain('A &amp; &lt;b&gt;B&lt;/b&gt;')
    expect(text).toContain(url)
  })

  it.each([
    ['Ada Lovelace', 'Ada Lovelace'],
    ['J. R. Smith', 'J. R. Smith'],
    ['<img src=x onerror=alert(1)>', 'Somebody'],
    ['Win at https://evil.example/x', 'Win at https evil example x'],
    ['evil@evil.example', 'evil evil example'],
    ['a\r\nBcc: eve', 'a Bcc: eve'],
    ['\u202Eabc', 'abc'],
    ['', 'Somebody'],
  ])('show the name %j as %j', (name, shown) => {
    expect(mailName(name)).toBe(shown)
  })

  it('shorten names, and repeat none to an address that nobody confirmed', () => {
    const names = { inviter: 'x'.repeat(500), organization: 'y'.repeat(500) }
    const { paragraphs } = invitationLetter({ app: 'App', ...names, url: 'https://a.example' })
    expect(paragraphs[0]?.length).toBeLessThan(200)
    expect(JSON.stringify(verificationLetter('App', 'https://a.example'))).not.toContain(
      'x'.repeat(60),
    )
  })
})
