import { randomUUID } from 'node:crypto'
import type { ApprovalRequest, OnApproval } from '@countersign/agent'
import type { ToolOutcome } from '@countersign/agent/tools'

/** How long an outcome nobody fetched is kept, in milliseconds. */
const keptFor = 10 * 60_000

/** A request that a person has to decide, between the calls that ask for its outcome. */
export interface PendingRequest {
  readonly id: string
  /** What is asked: the tool and its arguments. */
  readonly subject: string
  /** Settles when the person decided, or nothing can be decided any more. */
  readonly outcome: Promise<ToolOutcome>
  /** What the person needs; nothing when nobody has to be asked. */
  readonly approval: Promise<ApprovalRequest | undefined>
  /** Stops waiting. The request itself stays open at the server. */
  abandon(): void
}

/** How a request is made: it reports what the person needs and returns what was decided. */
export type MakeRequest = (options: {
  signal: AbortSignal
  onApproval: OnApproval
}) => Promise<ToolOutcome>

/**
 * The requests that wait for a person. Calls come and go while somebody decides: a host asks its user
 * in between, loses patience, or calls again.
 */
export class PendingRequests {
  readonly #requests = new Map<string, PendingRequest>()

  /**
   * The open request for the same thing, by its id where the caller has one, or else a new one.
   */
  open(
    subject: string,
    id: string | undefined,
    make: MakeRequest,
  ): { request: PendingRequest; isNew: boolean } {
    const known = this.#find(subject, id)
    return { request: known ?? this.#start(subject, make), isNew: !known }
  }

  #find(subject: string, id: string | undefined): PendingRequest | undefined {
    if (id === undefined) {
      return [...this.#requests.values()].find((request) => request.subject === subject)
    }
    const request = this.#requests.get(id)
    return request?.subject === subject ? request : undefined
  }

  /** Makes a request and keeps it until its outcome was fetched, or for ten minutes more. */
  #start(subject: string, make: MakeRequest): PendingRequest {
    const id = randomUUID()
    const stop = new AbortController()
    const { promise: asked, resolve } = withResolver<ApprovalRequest | undefined>()
    const outcome = make({ signal: stop.signal, onApproval: resolve })
    const over = (): void => {
      resolve(undefined)
      setTimeout(() => this.done(id), keptFor).unref()
    }
    outcome.then(over, over)
    const abandon = (): void => {
      this.done(id)
      stop.abort(new Error('Nobody waits any more.'))
    }
    const request: PendingRequest = { id, subject, outcome, approval: asked, abandon }
    this.#requests.set(id, request)
    return request
  }

  /** Forgets a request whose outcome was fetched. */
  done(id: string): void {
    this.#requests.delete(id)
  }

  /** Stops waiting for all of them. */
  close(): void {
    for (const request of this.#requests.values()) request.abandon()
  }
}

function withResolver<T>() {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
