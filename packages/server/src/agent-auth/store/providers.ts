import type { DiscoveryDocument } from '@countersign/protocol'
import type { ListedCapability } from '../directory/read-provider.ts'
import { byId, type Rows } from './database.ts'

const model = 'agentProvider'

/** How many services a search looks at. */
const MAX_LISTED = 2_000

/** A service in the directory. */
export interface Provider {
  readonly id: string
  readonly issuer: string
  readonly name: string
  readonly description: string
  /** Its discovery document; empty when it was never read. */
  readonly document: DiscoveryDocument | Record<string, never>
  readonly capabilities: readonly ListedCapability[]
  /** `failing`: its last check found a problem, and nobody is shown it. */
  readonly status: 'listed' | 'failing'
  readonly problem: string | null
  /** `null`: the operator. */
  readonly submittedBy: string | null
  readonly verifiedAt: Date | null
  readonly checkedAt: Date
  readonly createdAt: Date
  readonly updatedAt: Date
}

export async function findProvider(rows: Rows, issuer: string): Promise<Provider | null> {
  return rows.findOne<Provider>({ model, where: [{ field: 'issuer', value: issuer }] })
}

/** The services a search may find, those listed first before those listed later. */
export async function findListed(rows: Rows): Promise<Provider[]> {
  return rows.findMany<Provider>({
    model,
    where: [{ field: 'status', value: 'listed' }],
    sortBy: { field: 'createdAt', direction: 'asc' },
    limit: MAX_LISTED,
  })
}

/** Adds a service. Throws when it is there already. */
export async function addProvider(rows: Rows, provider: Provider): Promise<void> {
  await rows.create({ model, data: { ...provider }, forceAllowId: true })
}

/** Services in one state that nobody has looked at since `before`, longest ago first. */
export async function findDue(
  rows: Rows,
  status: Provider['status'],
  before: Date,
): Promise<Provider[]> {
  const where = [
    { field: 'status', value: status },
    { field: 'checkedAt', operator: 'lt' as const, value: before },
  ]
  const sortBy = { field: 'checkedAt', direction: 'asc' as const }
  return rows.findMany<Provider>({ model, where, sortBy, limit: 20 })
}

/** Takes the turn to check a service. `false`: another replica has it. */
export async function claimCheck(
  rows: Rows,
  id: string,
  turn: { before: Date; now: Date },
): Promise<boolean> {
  const { before, now } = turn
  const where = [...byId(id), { field: 'checkedAt', operator: 'lt' as const, value: before }]
  return (await rows.updateMany({ model, where, update: { checkedAt: now } })) === 1
}

/** Writes down what a check found. */
export async function saveCheck(
  rows: Rows,
  id: string,
  found: Partial<Provider> & Pick<Provider, 'status' | 'problem'> & { now: Date },
): Promise<void> {
  const { now, ...update } = found
  const times = { checkedAt: now, updatedAt: now }
  await rows.updateMany({ model, where: byId(id), update: { ...update, ...times } })
}
