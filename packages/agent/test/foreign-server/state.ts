import type { PublicJwk } from '@countersign/protocol'

export type Json = Record<string, unknown>

/** What one request looked like, for tests to look at afterwards. */
export interface SeenRequest {
  method: string
  path: string
  query: URLSearchParams
  body: Json
  token: string | undefined
}

/** An answer a test puts in the place of the honest one. */
export interface Answer {
  status?: number
  headers?: Record<string, string>
  body?: unknown
  /** Cuts the connection instead of answering. */
  cut?: boolean
}

/** An agent that registered here. */
export interface ForeignAgent {
  id: string
  name: string
  mode: string
  key: PublicJwk
  host: string
  status: string
  grants: Json[]
  code: string
}

/** Work that is not done at once. */
export interface ForeignJob {
  agent: string
  /** Polls it still answers with "pending". */
  left: number
  args: unknown
}

/** All that a foreign server remembers, and what a test changes about it. */
export interface ForeignState {
  readonly url: string
  readonly agents: Map<string, ForeignAgent>
  /** Keys of hosts, by thumbprint. */
  readonly hosts: Map<string, PublicJwk>
  /** Ids of JWTs that were used. */
  readonly seen: Set<string>
  readonly jobs: Map<string, ForeignJob>
  /** Polls a job answers with "pending" before it is done. */
  readonly jobPolls: number
  /** Changes the discovery document. */
  readonly discovery: Json & { default_location?: string }
  /** Changes what an approval looks like. */
  readonly approval: Json
  /** Locations of capabilities, by name. */
  readonly locations: Map<string, string>
}

/** The capabilities of the foreign server, by name. */
export const capabilities: Readonly<Record<string, Json>> = {
  list_accounts: { name: 'list_accounts', description: 'Lists accounts' },
  transfer_money: { name: 'transfer_money', description: 'Moves money', input: { type: 'object' } },
  slow_report: { name: 'slow_report', description: 'Takes a while' },
}
