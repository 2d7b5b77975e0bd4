import type { PrivateJwk, PublicJwk } from '@countersign/protocol'
import type { Approval, CapabilityGrant, RequestedCapability } from '../wire.ts'

/** The key that proves this client to one server, with what is known about that server. */
export interface StoredHost {
  readonly issuer: string
  readonly provider_name: string
  readonly description: string
  readonly public_jwk: PublicJwk
  readonly private_jwk: PrivateJwk
  readonly next?: NextKey | undefined
  readonly created_at: string
}

/** A key that is to take the place of the present one; the server may know it already. */
export type NextKey = Pick<StoredHost, 'public_jwk' | 'private_jwk'>

/** One agent at one server: its key, its last known state and what it asked for. */
export interface StoredConnection {
  readonly issuer: string
  readonly agent_id: string
  readonly host_id: string
  readonly provider_name: string
  readonly name: string
  readonly mode: string
  readonly status: string
  readonly agent_capability_grants: readonly CapabilityGrant[]
  /** Everything this client asked for. A grant wider than this is refused. */
  readonly requested: readonly RequestedCapability[]
  /** The approval that is being waited for, with the moment it ends. */
  readonly approval?: (Approval & { readonly expires_at: string }) | undefined
  readonly created_at: string
  readonly public_jwk: PublicJwk
  readonly private_jwk: PrivateJwk
  readonly next?: NextKey | undefined
}

/** Records of one kind, by key. */
export interface RecordStore<T> {
  get(key: string): Promise<T | undefined>
  list(): Promise<T[]>
  /**
   * Replaces a record by what `change` makes of it and returns the outcome; `undefined` removes it.
   *
   * One atomic step, also between processes: `change` sees the latest record and nobody writes in
   * between. It may run more than once.
   */
  update(key: string, change: (current: T | undefined) => T | undefined): Promise<T | undefined>
}

/** Where a client keeps its keys. Records hold private keys: whoever reads them is the agent. */
export interface AgentStorage {
  readonly hosts: RecordStore<StoredHost>
  readonly connections: RecordStore<StoredConnection>
}
