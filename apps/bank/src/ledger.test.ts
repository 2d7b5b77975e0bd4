import { describe, expect, it } from 'vitest'
import { cancelTransfer, openingLedger, transferMoney, type TransferOrder } from './ledger.ts'

const now = '2026-01-31T12:00:00.000Z'

function order(change: Partial<TransferOrder> = {}): TransferOrder {
  return { from: 'acc_1', to: 'acc_2', amountCents: 4050, currency: 'EUR', note: null, ...change }
}

function balances(ledger: ReturnType<typeof openingLedger>): number[] {
  return ledger.accounts.map(({ balanceCents }) => balanceCents)
}

describe('the ledger', () => {
  it('moves money from one account to the other and keeps the old ledger as it was', () => {
    const before = openingLedger()
    const { ledger, transfer } = transferMoney(before, order(), { id: 'tr_1', now })
    expect(balances(ledger)).toEqual([240_950, 1_204_050, 80_050])
    expect(balances(before)).toEqual([245_000, 1_200_000, 80_050])
    expect(transfer).toMatchObject({ id: 'tr_1', status: 'completed', createdAt: now })
  })

  it.each([
    ['account_not_found', { from: 'acc_9' }],
    ['account_not_found', { to: 'constructor' }],
    ['same_account', { to: 'acc_1' }],
    ['currency_mismatch', { to: 'acc_3' }],
    ['currency_mismatch', { currency: 'USD' }],
    ['insufficient_funds', { amountCents: 245_001 }],
  ] as const)('refuses with %s: %j', (code, change) => {
    expect(() => transferMoney(openingLedger(), order(change), { id: 'tr_1', now })).toThrowError(
      expect.objectContaining({ code }),
    )
  })

  it('takes a transfer back once, while the money is there', () => {
    const { ledger } = transferMoney(openingLedger(), order(), { id: 'tr_1', now })
    const cancelled = cancelTransfer(ledger, 'tr_1', now)
    expect(balances(cancelled.ledger)).toEqual(balances(openingLedger()))
    expect(() => cancelTransfer(cancelled.ledger, 'tr_1', now)).toThrowError(
      expect.objectContaining({ code: 'already_cancelled', status: 409 }),
    )
    const back = order({ from: 'acc_2', to: 'acc_1', amountCents: 1_204_050 })
    const spent = transferMoney(ledger, back, { id: 'tr_2', now })
    expect(() => cancelTransfer(spent.ledger, 'tr_1', now)).toThrowError(
      expect.objectContaining({ code: 'money_spent' }),
    )
  })
})
