import { Batch } from '../../batching/batch.ts'
import type { ProviderConnection } from '../connection.ts'

type Sql = ProviderConnection['sql']

/** A statement for many at once that requests to one database share when they arrive together. */
export function sharedStatement<Input, Output>(
  run: (sql: Sql, inputs: readonly Input[]) => Promise<readonly Output[]>,
): (sql: Sql, input: Input) => Promise<Output> {
  const batches = new WeakMap<Sql, Batch<Input, Output>>()
  return (sql, input) => {
    const batch = batches.get(sql) ?? new Batch((inputs) => run(sql, inputs))
    batches.set(sql, batch)
    return batch.add(input)
  }
}
