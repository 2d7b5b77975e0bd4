import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startBank, type Bank } from '../../../apps/bank/src/index.ts'
import { createFromOpenAPI } from '../src/agent-auth/capability-sources/openapi/index.ts'
import { capabilityNamed, execute } from './openapi-support.ts'

const credential = 'bank-credential-of-the-operator'
const order = { from: 'acc_1', to: 'acc_2', amount: 40.5, currency: 'EUR', note: 'rent' }

describe('the bank as capabilities', () => {
  let bank: Bank
  let folder: string
  let call: (name: string, args?: Record<string, unknown>) => Promise<unknown>
  let capabilities: ReturnType<typeof createFromOpenAPI>['capabilities']

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bank-'))
    bank = await startBank({ port: 0, credential, dataFile: join(folder, 'bank.json') })
    ;({ capabilities } = createFromOpenAPI(bank.openapi, {
      credentials: { bank_credential: bank.credential },
    }))
    call = (name, args) => execute(capabilityNamed(capabilities, name), args)
  })
  afterEach(async () => {
    await bank.stop()
    await rm(folder, { recursive: true })
  })

  it('AF8 offers every operation of the bank under its snake_case name', () => {
    expect(capabilities.map(({ name, title, readOnly }) => ({ name, title, readOnly }))).toEqual([
      { name: 'list_accounts', title: 'See your accounts', readOnly: true },
      { name: 'get_account', title: 'See one account', readOnly: true },
      { name: 'list_transactions', title: 'See what happened on an account', readOnly: true },
      { name: 'transfer_money', title: 'Move money between your accounts', readOnly: false },
      { name: 'get_transfer', title: 'See one transfer', readOnly: true },
      { name: 'cancel_transfer', title: 'Take a transfer back', readOnly: false },
    ])
  })

  it('AF8 offers the members of a body as fields that constraints can name', () => {
    const { input } = capabilityNamed(capabilities, 'transfer_money')
    expect(input).toMatchObject({
      type: 'object',
      required: ['from', 'to', 'amount', 'currency'],
      additionalProperties: false,
      properties: {
        from: { type: 'string' },
        amount: { type: 'number', exclusiveMinimum: 0 },
        currency: { type: 'string', enum: ['EUR', 'USD'] },
      },
    })
  })

  it('AF8 moves money, shows it and takes it back', async () => {
    const transfer = await call('transfer_money', order)
    expect(transfer).toMatchObject({ status: 'completed', amount: 40.5, note: 'rent' })
    const { id } = transfer as { id: string }

    expect(await call('get_account', { account_id: 'acc_1' })).toMatchObject({ balance: 2409.5 })
    expect(await call('get_transfer', { transfer_id: id })).toEqual(transfer)
    expect(await call('list_transactions', { account_id: 'acc_2', limit: 1 })).toMatchObject({
      transactions: [{ transfer_id: id, amount: 40.5, counterparty: 'acc_1' }],
    })
    expect(await call('cancel_transfer', { transfer_id: id })).toMatchObject({
      status: 'cancelled',
    })
    expect(await call('get_account', { account_id: 'acc_1' })).toMatchObject({ balance: 2450 })
  })

  it('AF8 returns what the output schemas promise', async () => {
    const ajv = new Ajv2020({ strict: false, logger: false })
    const { id } = (await call('transfer_money', order)) as { id: string }
    const calls: [string, Record<string, unknown>][] = [
      ['list_accounts', {}],
      ['get_account', { account_id: 'acc_3' }],
      ['list_transactions', { account_id: 'acc_1' }],
      ['transfer_money', { ...order, note: undefined }],
      ['get_transfer', { transfer_id: id }],
      ['cancel_transfer', { transfer_id: id }],
    ]
    for (const [name, args] of calls) {
      const { output } = capabilityNamed(capabilities, name)
      expect(output).toBeDefined()
      expect({ name, valid: ajv.validate({ ...output }, await call(name, args)) }).toEqual({
        name,
        valid: true,
      })
    }
  })

  it.each([
    ['an unknown account', 404, { to: 'acc_9' }, 'account_not_found'],
    ['not enough money', 422, { amount: 999_999 }, 'insufficient_funds'],
    ['the wrong currency', 422, { currency: 'USD' }, 'currency_mismatch'],
    ['the same account', 422, { to: 'acc_1' }, 'same_account'],
    ['a tenth of a cent', 400, { amount: 0.001 }, 'invalid_request'],
  ])('AF8 tells the agent about %s', async (_what, status, change, code) => {
    await expect(call('transfer_money', { ...order, ...change })).rejects.toMatchObject({
      code: 'upstream_error',
      details: { upstream_status: status, upstream_body: { code, detail: expect.any(String) } },
    })
    expect(await call('get_account', { account_id: 'acc_1' })).toMatchObject({ balance: 2450 })
  })

  it('refuses whoever lacks the credential', async () => {
    const response = await fetch(`${bank.url}/accounts`, { headers: { authorization: 'Bearer x' } })
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toContain('Bearer')
    const stranger = createFromOpenAPI(bank.openapi, {
      credentials: { bank_credential: 'not-the-credential' },
    })
    await expect(
      execute(capabilityNamed(stranger.capabilities, 'list_accounts')),
    ).rejects.toMatchObject({ code: 'upstream_error', details: { upstream_status: 401 } })
  })

  it('serves its document, and the document is all there is to know', async () => {
    expect(await (await fetch(`${bank.url}/openapi.json`)).json()).toEqual(bank.openapi)
  })

  it('never creates or loses a cent when transfers arrive together', async () => {
    const moves = Array.from({ length: 30 }, () =>
      call('transfer_money', { ...order, amount: 100 }),
    )
    const outcomes = await Promise.allSettled(moves)
    const done = outcomes.filter(({ status }) => status === 'fulfilled')
    // 2,450.00 pays for 24 transfers of 100.00.
    expect(done).toHaveLength(24)
    expect(await call('get_account', { account_id: 'acc_1' })).toMatchObject({ balance: 50 })
    expect(await call('get_account', { account_id: 'acc_2' })).toMatchObject({ balance: 14_400 })
  })

  it('remembers everything over a restart and leaves no draft behind', async () => {
    const { id } = (await call('transfer_money', order)) as { id: string }
    await bank.stop()
    bank = await startBank({ port: 0, credential, dataFile: join(folder, 'bank.json') })
    const again = createFromOpenAPI(bank.openapi, { credentials: { bank_credential: credential } })
    expect(
      await execute(capabilityNamed(again.capabilities, 'get_transfer'), { transfer_id: id }),
    ).toMatchObject({ id, amount: 40.5 })
    expect(await readdir(folder)).toEqual(['bank.json'])
  })
})
