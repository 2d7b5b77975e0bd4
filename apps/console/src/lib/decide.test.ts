import { describe, expect, it } from 'vitest'
import type { AskedCapability } from '../api/contract.ts'
import { initialChoice, initialField, type CapabilityChoice, type FieldChoice } from './choice.ts'
import { decide } from './decide.ts'
import { limitFields } from './limit-fields.ts'
import { allowanceSentence } from './sentence.ts'

const now = new Date('2026-11-21T10:00:00')

const transfer: AskedCapability = {
  capability: 'transfer_money',
  title: 'Move money',
  description: 'Transfers an amount.',
  read_only: false,
  strength: 'webauthn',
  input: {
    type: 'object',
    properties: {
      to: { type: 'string' },
      amount: { type: 'number', title: 'Amount' },
      currency: { type: 'string', enum: ['EUR', 'USD', 'GBP'] },
      urgent: { type: 'boolean' },
    },
  },
  constraints: { amount: { max: 1000 }, currency: { in: ['EUR', 'USD'] }, from: 'acc_1' },
}

/** Chooses for the transfer: some controls of some arguments, and the rest as it starts. */
function choose(
  fields: Readonly<Record<string, Partial<FieldChoice>>>,
  rest: Partial<CapabilityChoice> = {},
): CapabilityChoice {
  const start = initialChoice(transfer)
  const changed = limitFields(transfer.input, transfer.constraints).map((field) => [
    field.name,
    { ...initialField(field), ...fields[field.name] },
  ])
  return { ...start, ...rest, fields: Object.fromEntries(changed) }
}

describe('decide', () => {
  it('allows exactly what was asked, for an hour, when nothing is changed', () => {
    expect(decide(transfer, initialChoice(transfer), now)).toEqual({
      problems: {},
      decision: {
        capability: 'transfer_money',
        allow: true,
        constraints: { amount: { max: 1000 }, currency: { in: ['EUR', 'USD'] }, from: 'acc_1' },
        expires_in: 3600,
      },
    })
  })

  it('sends every narrowing and keeps what has no control', () => {
    const choice = choose(
      {
        amount: { atMost: '200', atLeast: '1.5' },
        to: { only: 'acc_2, acc_3, acc_2' },
        currency: { picked: ['EUR'] },
      },
      { duration: 'week', uses: '5', budget: '500' },
    )
    expect(decide(transfer, choice, now)).toEqual({
      problems: {},
      decision: {
        capability: 'transfer_money',
        allow: true,
        constraints: {
          amount: { max: 200, min: 1.5 },
          to: { in: ['acc_2', 'acc_3'] },
          currency: { in: ['EUR'] },
          from: 'acc_1',
        },
        expires_in: 604_800,
        max_uses: 5,
        budget: { field: 'amount', limit: 500 },
      },
    })
  })

  it('keeps the asked bound when its field is emptied', () => {
    const { decision } = decide(transfer, choose({ amount: { atMost: ' ' } }), now)
    expect(decision.constraints?.['amount']).toEqual({ max: 1000 })
  })

  it.each<[Readonly<Record<string, Partial<FieldChoice>>>, Partial<CapabilityChoice>, string]>([
    [{ amount: { atMost: '1000.01' } }, {}, 'amount.atMost'],
    [{ amount: { atMost: '1,000' } }, {}, 'amount.atMost'],
    [{ amount: { atMost: '1e9' } }, {}, 'amount.atMost'],
    [{ amount: { atMost: 'Infinity' } }, {}, 'amount.atMost'],
    [{ amount: { atMost: '5', atLeast: '6' } }, {}, 'amount.atMost'],
    [{ amount: { atLeast: 'x' } }, {}, 'amount.atLeast'],
    [{ currency: { picked: [] } }, {}, 'currency.picked'],
    [{ currency: { picked: ['GBP'] } }, {}, 'currency.picked'],
    [{}, { uses: '0' }, 'uses'],
    [{}, { uses: '1.5' }, 'uses'],
    [{}, { budget: '-1' }, 'budget'],
  ])('refuses %j %j', (fields, rest, control) => {
    expect(Object.keys(decide(transfer, choose(fields, rest), now).problems)).toEqual([control])
  })

  it('sends nothing but the denial of what is denied', () => {
    const choice = choose({ amount: { atMost: 'x' } }, { allow: false, uses: '0' })
    expect(decide(transfer, choice, now)).toEqual({
      problems: {},
      decision: { capability: 'transfer_money', allow: false },
    })
  })

  it('ends today at midnight and never by itself when so chosen', () => {
    expect(decide(transfer, choose({}, { duration: 'today' }), now).decision.expires_in).toBe(
      50_400,
    )
    const { decision } = decide(transfer, choose({}, { duration: 'revoked' }), now)
    expect(decision).not.toHaveProperty('expires_in')
  })

  it('leaves reading allowed until it is revoked', () => {
    const read = { ...transfer, read_only: true }
    expect(decide(read, initialChoice(read), now).decision).not.toHaveProperty('expires_in')
  })
})

describe('limitFields', () => {
  it('offers only what the agent asked for and leaves out what is settled', () => {
    const fields = limitFields(transfer.input, transfer.constraints)
    expect(fields.map(({ name, kind, options }) => [name, kind, options])).toEqual([
      ['to', 'text', []],
      ['amount', 'number', []],
      ['currency', 'choice', ['EUR', 'USD']],
      ['urgent', 'choice', [true, false]],
    ])
  })

  it('knows limits the agent set on arguments the schema does not name', () => {
    const fields = limitFields(null, { size: { max: 3 }, kind: { in: ['a', 'b'] }, 'a.b': 1 })
    expect(fields.map(({ name, kind }) => [name, kind])).toEqual([
      ['size', 'number'],
      ['kind', 'choice'],
    ])
  })
})

describe('allowanceSentence', () => {
  it('says what will be allowed in one sentence', () => {
    const choice = choose(
      { amount: { atMost: '200' }, to: { only: 'acc_2' }, currency: { picked: ['EUR'] } },
      { uses: '5', budget: '500' },
    )
    const asked = { ...transfer, constraints: null }
    const { decision } = decide(asked, choice, now)
    expect(allowanceSentence('Move money', decision, 'hour')).toBe(
      'May move money: at most 200 EUR each time, only to acc_2, at most 500 in total, for one hour, five uses.',
    )
  })

  it('says what stays denied', () => {
    const decision = { capability: 'transfer_money', allow: false }
    expect(allowanceSentence('Move money', decision, 'hour')).toBe('May not move money.')
  })
})
