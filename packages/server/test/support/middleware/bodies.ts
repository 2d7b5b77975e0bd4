import { type IncomingMessage, request as httpRequest } from 'node:http'
import { expect, vi } from 'vitest'
import { baseURL } from '../auth.ts'
import { type ApplicationTest, newAccount } from './application.ts'

/** Bodies on their way in, and events on their way out. */
export function bodies(it: ApplicationTest, { readsBodies }: { readsBodies: boolean }): void {
  it('answers a body that cannot be read with 400', async ({ send }) => {
    for (const body of ['{', '"', 'null', '[]', '']) {
      const answer = await send('/api/auth/sign-in/email', {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: baseURL },
        body,
      })
      expect(answer.status).toBe(400)
    }
  })

  it('takes a body that comes in pieces without a length', async ({ origin }) => {
    const account = newAccount('Ünïcödé '.repeat(8).trim())
    const bytes = new TextEncoder().encode(JSON.stringify(account))
    const body = new ReadableStream({
      start(controller) {
        for (let at = 0; at < bytes.length; at += 7) {
          controller.enqueue(bytes.slice(at, at + 7))
        }
        controller.close()
      },
    })
    const init = { method: 'POST', body, duplex: 'half' }
    const response = await fetch(`${origin}/api/auth/sign-up/email`, {
      ...init,
      headers: { 'content-type': 'application/json', origin: baseURL },
    })
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ user: { name: account.name } })
  })

  it.skipIf(readsBodies)(
    'refuses a body of more than a megabyte before it is read',
    async ({ origin }) => {
      const { port } = new URL(origin)
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        const outgoing = httpRequest({
          hostname: '127.0.0.1',
          port,
          path: '/api/auth/sign-in/email',
          method: 'POST',
          headers: { 'content-type': 'application/json', 'content-length': 1_000_001 },
          agent: false,
        })
        outgoing.on('response', resolve).on('error', reject)
        outgoing.flushHeaders()
      })
      expect(answer.statusCode).toBe(413)
      answer.destroy()
    },
  )

  it('streams events as they come, and ends them when the reader leaves', async ({
    world,
    origin,
  }) => {
    // More than one person may hold open at a time: each has to end before.
    for (let page = 0; page < 24; page += 1) {
      const gone = new AbortController()
      const response = await vi.waitFor(async () => {
        const answer = await fetch(`${origin}/api/auth/agent/live`, {
          headers: { cookie: world.clerk.cookie },
          signal: gone.signal,
        })
        // Headers and a first chunk are here, though nothing ends the body.
        expect(answer.status).toBe(200)
        return answer
      })
      expect(response.headers.get('content-type')).toBe('text/event-stream')
      const chunk = await response.body?.getReader().read()
      expect(chunk?.done).toBe(false)
      gone.abort()
    }
  })
}
