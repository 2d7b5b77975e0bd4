import type { DBAdapterInstance, Where } from '@better-auth/core/db/adapter'
import { type Around, type Call, type Verb, wrapVerbs } from './wrap-verbs.ts'

const reading: ReadonlySet<Verb> = new Set(['create', 'findOne', 'findMany', 'count'])
const ending: ReadonlySet<Verb> = new Set(['delete', 'deleteMany', 'consumeOne'])

/** A change of rows that are there already. */
export interface Change extends Call {
  /** Whether the rows are gone. */
  readonly isEnd: boolean
}

/** Told of every change, to forget what is remembered of it. */
export type OnChange = (change: Change) => void

/**
 * An adapter that tells of changes before they are answered; of those in a transaction, after its
 * commit.
 */
export function tellChanges(
  create: DBAdapterInstance,
  listeners: readonly OnChange[],
): DBAdapterInstance {
  const tell = (change: Change) => {
    for (const listener of listeners) listener(change)
  }
  return (options) => {
    const adapter = create(options)
    return {
      ...wrapVerbs(adapter, telling(tell)),
      async transaction(work) {
        const changes: Change[] = []
        const noting = telling((change) => changes.push(change))
        try {
          return await adapter.transaction((inner) => work(wrapVerbs(inner, noting)))
        } finally {
          for (const change of changes) tell(change)
        }
      },
    }
  }
}

function telling(tell: OnChange): Around {
  return async (verb, call, run) => {
    if (reading.has(verb)) return run(call)
    try {
      return await run(call)
    } finally {
      // Also after a failure: the answer of a change may be lost, and the change not.
      tell({ ...call, isEnd: ending.has(verb) })
    }
  }
}

/** The one value a change names its rows with in a field; `undefined` when it may mean others too. */
export function namedBy({ where = [] }: Change, field: string): string | undefined {
  if (where.some(({ connector }) => connector === 'OR')) return undefined
  const value = where.find((part) => part.field === field && isEqual(part))?.value
  return typeof value === 'string' ? value : undefined
}

function isEqual({ operator = 'eq' }: Where): boolean {
  return operator === 'eq'
}
