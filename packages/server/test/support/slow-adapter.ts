import type { DBAdapter, DBAdapterInstance } from '@better-auth/core/db/adapter'

const verbs = ['create', 'findOne', 'findMany', 'count', 'update', 'updateMany'] as const

/**
 * An adapter whose operations take effect at once and answer late, so that a stale read is always
 * acted upon. Transactions keep the pace of the adapter: the memory adapter does not isolate them.
 */
export function slowAdapter(create: DBAdapterInstance, milliseconds: number): DBAdapterInstance {
  return (options) => {
    const adapter = create(options)
    const late = verbs.map((verb) => [verb, answerLate(adapter, verb, milliseconds)])
    return { ...adapter, ...Object.fromEntries(late) } as DBAdapter
  }
}

function answerLate(adapter: DBAdapter, verb: (typeof verbs)[number], milliseconds: number) {
  const operation = adapter[verb] as (input: unknown) => Promise<unknown>
  return async (input: unknown): Promise<unknown> => {
    const answer = await operation(input)
    await new Promise((resolve) => setTimeout(resolve, milliseconds))
    return answer
  }
}
