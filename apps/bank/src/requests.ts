import { z } from 'zod'
import type { TransferOrder } from './ledger.ts'
import { BankProblem } from './problem.ts'
import type { StatementPeriod } from './statement.ts'

const orderSchema = z.strictObject({
  from: z.string().min(1).max(64),
  to: z.string().min(1).max(64),
  amount: z
    .number()
    .positive()
    .max(1_000_000)
    .refine((amount) => Number.isInteger(toCents(amount)), 'has more than two decimals'),
  currency: z.enum(['EUR', 'USD']),
  note: z.string().max(140).optional(),
})

const periodSchema = z.object({
  from: z.iso.date().optional(),
  to: z.iso.date().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
})

/** Reads the body of a transfer order, or refuses with 400. */
export function readOrder(body: unknown): TransferOrder {
  const { amount, note, ...rest } = check(orderSchema, body)
  return { ...rest, amountCents: toCents(amount), note: note ?? null }
}

/** Reads the period of a statement from the query, or refuses with 400. */
export function readPeriod(query: Record<string, string>): StatementPeriod {
  return check(periodSchema, query)
}

// 0.29 * 100 is 28.999999999999996: a decimal with two places is meant, so twelve digits decide.
function toCents(amount: number): number {
  return Number((amount * 100).toPrecision(12))
}

function check<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const field = issue?.path.join('.')
  throw new BankProblem(
    400,
    'invalid_request',
    [field, issue?.message].filter(Boolean).join(': ') || 'The request is malformed.',
  )
}
