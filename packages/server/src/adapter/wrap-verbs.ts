import type { DBAdapter, Where } from '@better-auth/core/db/adapter'

const verbs = [
  'create',
  'findOne',
  'findMany',
  'count',
  'update',
  'updateMany',
  'delete',
  'deleteMany',
  'consumeOne',
  'incrementOne',
] as const

/** What an adapter can be asked. */
export type Verb = (typeof verbs)[number]

/** One question to an adapter, as far as what is wrapped around it looks. */
export interface Call {
  readonly model: string
  readonly where?: readonly Where[]
  readonly data?: Readonly<Record<string, unknown>>
  readonly update?: Readonly<Record<string, unknown>>
  readonly join?: unknown
}

/** Stands around every operation: it may change the call, the answer, or act on either. */
export type Around = (
  verb: Verb,
  call: Call,
  run: (call: Call) => Promise<unknown>,
) => Promise<unknown>

/** The operations of an adapter with `around` around each. */
export function wrapVerbs<Adapter extends Pick<DBAdapter, Verb>>(
  adapter: Adapter,
  around: Around,
): Adapter {
  const wrapped = verbs.map((verb) => {
    // Looked up when it runs: somebody's adapter may change what its verbs do.
    const run = (call: Call) => (adapter[verb] as (call: Call) => Promise<unknown>)(call)
    return [verb, (call: Call) => around(verb, call, run)]
  })
  return { ...adapter, ...(Object.fromEntries(wrapped) as Pick<Adapter, Verb>) }
}
