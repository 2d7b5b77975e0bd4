/** Work that goes on after its request was answered. Made by {@link asynchronous}. */
export class Asynchronous {
  readonly run: (signal: AbortSignal) => unknown

  constructor(run: (signal: AbortSignal) => unknown) {
    this.run = run
  }
}

/**
 * What `execute` returns for work that takes longer than a request (specification, 5.11).
 *
 * The caller gets `202` and polls; `run` starts once the job is stored. What it resolves to is the
 * result, what it throws fails the job. Its signal aborts when the agent or its grant is taken away,
 * after `jobLifetime`, and when this process stops.
 */
export function asynchronous(run: (signal: AbortSignal) => unknown): Asynchronous {
  return new Asynchronous(run)
}
