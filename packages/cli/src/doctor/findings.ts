import type { FoundDocument } from './documents.ts'
import type { Answer } from './probe.ts'

/** Name that only a server which believes the request's headers would repeat. */
export const spoofedHost = 'spoofed.countersign.invalid'

/** A page of somebody else's, for CORS. */
export const foreignPage = 'https://app.countersign.invalid'

/** An endpoint that stands on the asked origin, with its answer to an empty request. */
export interface FoundEndpoint {
  readonly name: string
  readonly answer: Answer
}

/** An answer to a request that lied about the host in one header. */
export interface SpoofedAnswer {
  readonly header: string
  readonly answer: Answer
}

/** Everything that was fetched; what it means is decided by the checks, which fetch nothing. */
export interface Findings {
  /** The origin a person named. */
  readonly origin: string
  readonly site: Answer
  readonly health: Answer
  readonly documents: readonly FoundDocument[]
  /** Undefined where the metadata names no key set on this origin. */
  readonly keys: Answer | undefined
  readonly endpoints: readonly FoundEndpoint[]
  /** The preflight of user info: a browser asks before it sends a token. */
  readonly preflight: Answer | undefined
  /** An authorization request of nobody, with a redirect URI of a stranger. */
  readonly strangerRedirect: Answer | undefined
  readonly spoofed: readonly SpoofedAnswer[]
  /** The same site over plain http; undefined where the origin is http, or has a port of its own. */
  readonly plainSite: Answer | undefined
}
