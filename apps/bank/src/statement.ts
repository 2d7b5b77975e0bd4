import { findAccount, type Account, type Ledger, type Transfer } from './ledger.ts'

/** What the outside sees of an account. */
export function accountView(account: Account) {
  return {
    id: account.id,
    name: account.name,
    currency: account.currency,
    balance: account.balanceCents / 100,
  }
}

/** What the outside sees of a transfer. */
export function transferView(transfer: Transfer) {
  return {
    id: transfer.id,
    from: transfer.from,
    to: transfer.to,
    amount: transfer.amountCents / 100,
    currency: transfer.currency,
    note: transfer.note,
    status: transfer.status,
    created_at: transfer.createdAt,
    cancelled_at: transfer.cancelledAt,
  }
}

/** Which part of an account's history to show. */
export interface StatementPeriod {
  /** First day, `YYYY-MM-DD`, included. */
  from?: string | undefined
  /** Last day, `YYYY-MM-DD`, included. */
  to?: string | undefined
  limit: number
}

/** The movements of one account, newest first; a cancelled transfer shows both of its movements. */
export function statement(ledger: Ledger, accountId: string, period: StatementPeriod) {
  const account = findAccount(ledger, accountId)
  return ledger.transfers
    .filter((transfer) => transfer.from === account.id || transfer.to === account.id)
    .flatMap((transfer) => movements(transfer, account.id))
    .filter(({ booked_at }) => inPeriod(booked_at.slice(0, 10), period))
    .toSorted((a, b) => b.booked_at.localeCompare(a.booked_at))
    .slice(0, period.limit)
}

function movements(transfer: Transfer, accountId: string) {
  const incoming = transfer.to === accountId
  const amount = (incoming ? transfer.amountCents : -transfer.amountCents) / 100
  const shared = {
    transfer_id: transfer.id,
    currency: transfer.currency,
    counterparty: incoming ? transfer.from : transfer.to,
    note: transfer.note,
  }
  const booked = { ...shared, amount, booked_at: transfer.createdAt }
  if (transfer.cancelledAt === null) return [booked]
  return [booked, { ...shared, amount: -amount, booked_at: transfer.cancelledAt }]
}

function inPeriod(day: string, period: StatementPeriod): boolean {
  return (!period.from || day >= period.from) && (!period.to || day <= period.to)
}
