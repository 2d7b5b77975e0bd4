import type { Agent, Approval, Grant, Host } from '../domain/model.ts'
import type { Database, Rows } from './database.ts'
import { toColumns } from './columns.ts'

/** A row that does not exist yet, complete with its id. */
export type NewRow =
  | { readonly model: 'agentHost'; readonly row: Host }
  | { readonly model: 'agent'; readonly row: Agent }
  | { readonly model: 'agentApproval'; readonly row: Approval }
  | { readonly model: 'agentGrant'; readonly row: Grant }

/** Inserts rows one after the other: a transaction is one connection. */
export async function insertAll(rows: Rows, inserts: readonly NewRow[]): Promise<void> {
  for (const { model, row } of inserts) {
    await rows.create({ model, data: { ...row }, forceAllowId: true })
  }
}

/**
 * Inserts rows all or nothing. Throws when one of them exists already.
 *
 * With `sql` that is one statement; foreign keys between the rows are checked at its end.
 */
export async function insertTogether(
  { adapter, sql }: Database,
  inserts: readonly NewRow[],
): Promise<void> {
  if (!sql) {
    await adapter.transaction((rows) => insertAll(rows, inserts))
    return
  }
  const models = [...new Set(inserts.map(({ model }) => model))]
  const parts = models.map((model, index) => {
    const table = TABLES[model]
    const source = `json_populate_recordset(null::${table}, $${index + 1}::json)`
    return `i${index} as (insert into ${table} select * from ${source} returning 1)`
  })
  const values = models.map((model) => {
    const rows = inserts.filter((insert) => insert.model === model)
    return JSON.stringify(rows.map(({ row }) => toColumns({ ...row })))
  })
  await sql.query(`with ${parts.join(', ')} select 1`, values, {
    name: `agent_insert_${models.join('_')}`,
  })
}

const TABLES: Readonly<Record<NewRow['model'], string>> = {
  agentHost: 'agent_host',
  agent: 'agent',
  agentApproval: 'agent_approval',
  agentGrant: 'agent_grant',
}
