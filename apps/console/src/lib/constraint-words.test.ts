import { expect, it } from 'vitest'
import type { Constraints } from '../api/contract.ts'
import { describeConstraints } from './constraint-words.ts'

it.each<[Constraints | null, string[]]>([
  [null, []],
  [{ amount: { max: 200 } }, ['at most 200 each time']],
  [{ amount: { min: 10, max: 1000 } }, ['between 10 and 1,000 each time']],
  [{ amount: 50 }, ['exactly 50 each time']],
  [{ to: 'acc_2', amount: { max: 5 } }, ['at most 5 each time', 'only to acc_2']],
  [{ amount: { max: 200 }, currency: 'EUR' }, ['at most 200 EUR each time']],
  [{ currency: 'EUR' }, ['in EUR']],
  [
    { amount: { max: 200 }, currency: { in: ['EUR', 'USD'] } },
    ['at most 200 each time', 'in EUR or USD'],
  ],
  [{ to: 'acc_2' }, ['only to acc_2']],
  [{ to: { in: ['acc_2', 'acc_3', 'acc_4'] } }, ['only to acc_2, acc_3 or acc_4']],
  [{ toAccount: { not_in: ['acc_9'] } }, ['not to account acc_9']],
  [{ max_items: { max: 5 } }, ['max items at most 5']],
  [{ status: { in: ['open'] } }, ['status only open']],
  [{ dry_run: true }, ['dry run only yes']],
  [{ amount: { max: 9, not_in: [5] } }, ['at most 9 each time, amount never 5']],
])('says %j as %j', (constraints, words) => {
  expect(describeConstraints(constraints)).toEqual(words)
})
