import { BankProblem } from './problem.ts'

/** The currencies this bank keeps accounts in. */
export type Currency = 'EUR' | 'USD'

/** One account. Money is kept in cents, so that no sum is ever rounded. */
export interface Account {
  readonly id: string
  readonly name: string
  readonly currency: Currency
  readonly balanceCents: number
}

/** One movement of money between two accounts. */
export interface Transfer {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly amountCents: number
  readonly currency: Currency
  readonly note: string | null
  readonly status: 'completed' | 'cancelled'
  readonly createdAt: string
  readonly cancelledAt: string | null
}

/** Everything the bank knows. A change makes a new ledger; the old one stays as it was. */
export interface Ledger {
  readonly accounts: readonly Account[]
  readonly transfers: readonly Transfer[]
}

/** What a client asks for when it moves money. */
export interface TransferOrder {
  readonly from: string
  readonly to: string
  readonly amountCents: number
  readonly currency: Currency
  readonly note: string | null
}

/** The accounts a new bank opens with. */
export function openingLedger(): Ledger {
  return {
    accounts: [
      { id: 'acc_1', name: 'Everyday account', currency: 'EUR', balanceCents: 245_000 },
      { id: 'acc_2', name: 'Savings account', currency: 'EUR', balanceCents: 1_200_000 },
      { id: 'acc_3', name: 'Travel account', currency: 'USD', balanceCents: 80_050 },
    ],
    transfers: [],
  }
}

/** Finds an account, or refuses with 404. */
export function findAccount(ledger: Ledger, id: string): Account {
  const account = ledger.accounts.find((candidate) => candidate.id === id)
  if (!account) throw new BankProblem(404, 'account_not_found', `There is no account "${id}".`)
  return account
}

/** Finds a transfer, or refuses with 404. */
export function findTransfer(ledger: Ledger, id: string): Transfer {
  const transfer = ledger.transfers.find((candidate) => candidate.id === id)
  if (!transfer) throw new BankProblem(404, 'transfer_not_found', `There is no transfer "${id}".`)
  return transfer
}

/** Moves money: both balances and the new transfer in one new ledger, or a refusal and no change. */
export function transferMoney(
  ledger: Ledger,
  order: TransferOrder,
  entry: { id: string; now: string },
): { ledger: Ledger; transfer: Transfer } {
  const from = findAccount(ledger, order.from)
  const to = findAccount(ledger, order.to)

  if (from.id === to.id) {
    throw new BankProblem(422, 'same_account', 'Money moves between two different accounts.')
  }
  if (from.currency !== order.currency || to.currency !== order.currency) {
    throw new BankProblem(
      422,
      'currency_mismatch',
      `${from.id} is kept in ${from.currency} and ${to.id} in ${to.currency}; the transfer says ${order.currency}.`,
    )
  }
  if (from.balanceCents < order.amountCents) {
    throw new BankProblem(
      422,
      'insufficient_funds',
      `${from.id} does not hold enough money for this transfer.`,
    )
  }

  const transfer: Transfer = {
    ...order,
    id: entry.id,
    status: 'completed',
    createdAt: entry.now,
    cancelledAt: null,
  }
  return {
    transfer,
    ledger: {
      accounts: moveCents(ledger.accounts, order),
      transfers: [...ledger.transfers, transfer],
    },
  }
}

/** Takes a transfer back while the receiving account still holds the money. */
export function cancelTransfer(
  ledger: Ledger,
  id: string,
  now: string,
): { ledger: Ledger; transfer: Transfer } {
  const transfer = findTransfer(ledger, id)
  if (transfer.status === 'cancelled') {
    throw new BankProblem(409, 'already_cancelled', 'This transfer was cancelled before.')
  }
  if (findAccount(ledger, transfer.to).balanceCents < transfer.amountCents) {
    throw new BankProblem(409, 'money_spent', `${transfer.to} no longer holds this money.`)
  }

  const cancelled: Transfer = { ...transfer, status: 'cancelled', cancelledAt: now }
  return {
    transfer: cancelled,
    ledger: {
      accounts: moveCents(ledger.accounts, {
        from: transfer.to,
        to: transfer.from,
        amountCents: transfer.amountCents,
      }),
      transfers: ledger.transfers.map((entry) => (entry.id === id ? cancelled : entry)),
    },
  }
}

function moveCents(
  accounts: readonly Account[],
  move: { from: string; to: string; amountCents: number },
): Account[] {
  return accounts.map((account) => {
    if (account.id === move.from) {
      return { ...account, balanceCents: account.balanceCents - move.amountCents }
    }
    if (account.id === move.to) {
      return { ...account, balanceCents: account.balanceCents + move.amountCents }
    }
    return account
  })
}
