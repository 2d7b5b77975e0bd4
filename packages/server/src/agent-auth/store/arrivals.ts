import type { Agent } from '../domain/model.ts'
import { countLiveAgents, findAgentByKey } from './agents.ts'
import { Batch } from '../../batching/batch.ts'
import { fromColumns } from './columns.ts'
import type { Database, SqlClient } from './database.ts'

/** What a registration has to know about the agents there are. */
export interface Arrivals {
  /** The agent registered with this key under this host. */
  readonly found: Agent | null
  /** How many agents that are not over the person of the host has. */
  readonly live: number
}

interface Sought {
  readonly registration_key: string
  readonly user_id: string | null
}

/** Looks at what stands in the way of a registration. With `sql`, one statement for many. */
export class ArrivalLoader {
  readonly #db: Database
  readonly #batch: Batch<Sought, Arrivals> | undefined

  constructor(db: Database) {
    this.#db = db
    const { sql } = db
    if (sql) this.#batch = new Batch((sought) => look(sql, sought))
  }

  async look(registrationKey: string, userId: string | null): Promise<Arrivals> {
    if (this.#batch) {
      return this.#batch.add({ registration_key: registrationKey, user_id: userId })
    }
    const { adapter } = this.#db
    const found = await findAgentByKey(adapter, registrationKey)
    return { found, live: userId === null ? 0 : await countLiveAgents(adapter, userId) }
  }
}

const LOOK = `
  select s.registration_key as key,
    (select to_json(a) from agent a where a.registration_key = s.registration_key) as agent,
    (select count(*)::int from agent a where a.user_id = s.user_id
      and a.status in ('pending', 'active', 'expired')) as live
  from json_to_recordset($1::json) as s (registration_key text, user_id text)`

interface Row {
  readonly key: string
  readonly agent: Record<string, unknown> | null
  readonly live: number
}

async function look(sql: SqlClient, sought: readonly Sought[]): Promise<readonly Arrivals[]> {
  const { rows } = await sql.query(LOOK, [JSON.stringify(sought)], { name: 'agent_arrival' })
  const seen = new Map((rows as readonly Row[]).map((row) => [row.key, row]))
  return sought.map(({ registration_key: key }) => {
    const row = seen.get(key)
    const found = row?.agent ? (fromColumns(row.agent) as unknown as Agent) : null
    return { found, live: row?.live ?? 0 }
  })
}
