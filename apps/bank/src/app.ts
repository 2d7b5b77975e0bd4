import { createHash, randomUUID, timingSafeEqual } from 'node:crypto'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { bankDocument, type BankDocument } from './document.ts'
import { cancelTransfer, findAccount, findTransfer, transferMoney } from './ledger.ts'
import { BankProblem } from './problem.ts'
import { readOrder, readPeriod } from './requests.ts'
import { accountView, statement, transferView } from './statement.ts'
import type { Vault } from './vault.ts'

/** What the routes need to answer. */
export interface BankContext {
  vault: Vault
  credential: string
  /** Origin under which clients reach the bank. */
  url: () => string
}

/** The bank's HTTP interface: the document in the open, everything else behind the credential. */
export function bankApp({ vault, credential, url }: BankContext): Hono {
  const app = new Hono()

  app.onError((error, c) => {
    if (!(error instanceof BankProblem)) {
      return problem({ status: 500, title: 'internal error', code: 'internal_error' })
    }
    if (error.status === 401) c.header('WWW-Authenticate', 'Bearer realm="bank"')
    return problem(error.toJSON(), c.res.headers)
  })
  app.notFound(() => problem(new BankProblem(404, 'not_found', 'There is nothing here.').toJSON()))

  app.get('/openapi.json', (c) => c.json<BankDocument>(bankDocument(url())))

  app.use(async (c, next) => {
    if (!sameSecret(c.req.header('authorization') ?? '', `Bearer ${credential}`)) {
      throw new BankProblem(401, 'unauthorized', 'This bank needs its API credential.')
    }
    await next()
  })
  app.use(
    bodyLimit({
      maxSize: 16 * 1024,
      onError: () => {
        throw new BankProblem(413, 'payload_too_large', 'A request holds at most 16 KiB.')
      },
    }),
  )

  app.get('/accounts', (c) => c.json({ accounts: vault.current().accounts.map(accountView) }))
  app.get('/accounts/:id', (c) =>
    c.json(accountView(findAccount(vault.current(), c.req.param('id')))),
  )
  app.get('/accounts/:id/transactions', (c) => {
    const period = readPeriod(c.req.query())
    return c.json({ transactions: statement(vault.current(), c.req.param('id'), period) })
  })

  app.post('/transfers', async (c) => {
    const order = readOrder(await c.req.json().catch(() => null))
    const { transfer } = await vault.change((ledger) =>
      transferMoney(ledger, order, { id: `tr_${randomUUID()}`, now: new Date().toISOString() }),
    )
    return c.json(transferView(transfer), 201)
  })
  app.get('/transfers/:id', (c) =>
    c.json(transferView(findTransfer(vault.current(), c.req.param('id')))),
  )
  app.delete('/transfers/:id', async (c) => {
    const id = c.req.param('id')
    const { transfer } = await vault.change((ledger) =>
      cancelTransfer(ledger, id, new Date().toISOString()),
    )
    return c.json(transferView(transfer))
  })

  return app
}

function problem(
  body: { status: number; title: string; code: string },
  headers?: Headers,
): Response {
  const result = new Headers(headers)
  result.set('content-type', 'application/problem+json')
  return new Response(JSON.stringify(body), { status: body.status, headers: result })
}

// Digests have one length, so the comparison takes the same time whatever was sent.
function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}
