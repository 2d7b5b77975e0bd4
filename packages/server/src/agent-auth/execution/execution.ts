import type { AuthenticatedAgent } from '../authenticate-agent.ts'

/** One use of a capability, by an agent that proved itself. */
export interface Execution {
  readonly caller: AuthenticatedAgent
  /** Name of the capability. */
  readonly name: string
  readonly args: Record<string, unknown>
  /** When it was asked for, in milliseconds since the epoch. */
  readonly now: number
  /** Aborted when the caller goes away. Asking for it makes it. */
  readonly signal: () => AbortSignal | undefined
}

/** Ends one execution from outside: the signal a handler sees, and how to abort it. */
export class Stopping {
  #controller: AbortController | undefined
  readonly #ofRequest: Execution['signal']
  #signal: AbortSignal | undefined

  constructor({ signal }: Pick<Execution, 'signal'>) {
    this.#ofRequest = signal
  }

  /** Aborted when the caller goes away, or by `stop`. Made when somebody asks. */
  get signal(): AbortSignal {
    if (this.#signal) return this.#signal
    const { signal } = (this.#controller ??= new AbortController())
    const ofRequest = this.#ofRequest()
    this.#signal = ofRequest ? AbortSignal.any([signal, ofRequest]) : signal
    return this.#signal
  }

  stop(reason?: unknown): void {
    this.#controller ??= new AbortController()
    this.#controller.abort(reason)
  }
}
