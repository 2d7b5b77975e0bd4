import { JOB_LEASE } from '../domain/job.ts'
import type { Database } from '../store/database.ts'
import { keepJobsAlive } from '../store/jobs.ts'

/** Says three times in a lease that the jobs of this process are alive. */
export class JobPulse {
  readonly #db: Database
  readonly #onError: (error: unknown) => void
  readonly #ids = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #isClosing = false

  constructor(db: Database, onError: (error: unknown) => void) {
    this.#db = db
    this.#onError = onError
  }

  /** Whether the process is about to stop: what cannot be stored now is not stored. */
  get isClosing(): boolean {
    return this.#isClosing
  }

  /** Whether this very process runs a job. */
  has(id: string): boolean {
    return this.#ids.has(id)
  }

  /** Says so of a job until the returned function is called. */
  keep(id: string): () => void {
    this.#ids.add(id)
    this.#timer ??= setInterval(() => this.#beat(), JOB_LEASE / 3).unref()
    return () => {
      this.#ids.delete(id)
      if (this.#ids.size === 0) this.#stop()
    }
  }

  close(): void {
    this.#isClosing = true
    this.#stop()
  }

  #beat(): void {
    keepJobsAlive(this.#db.adapter, [...this.#ids], new Date()).catch(this.#onError)
  }

  #stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
