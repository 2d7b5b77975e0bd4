import type { MailMessage, MailTransport } from './transport.ts'

/** How an outbox treats its transport. */
export interface OutboxOptions {
  readonly transport: MailTransport
  /** Told when a message is given up, or tried again: never with its address or its link. */
  readonly log: (level: 'warn' | 'error', line: string) => void
  /** How many messages wait at most; what comes then is dropped. @default 1000 */
  readonly capacity?: number
  /** Milliseconds before each further attempt. @default 2, 15 and 120 seconds */
  readonly delays?: readonly number[]
}

interface Waiting {
  readonly kind: string
  readonly message: MailMessage
  readonly attempt: number
}

const parallel = 4

/**
 * Where e-mails wait for the mail server, so that nobody else does: bounded, in memory, a few at a
 * time, with retries.
 *
 * Nothing is sent in the turn that posts, so a slow or failing mail server is not seen by callers.
 */
export class Outbox {
  readonly #options: Required<OutboxOptions>
  readonly #ready: Waiting[] = []
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #sending = new Set<Promise<void>>()
  #isClosed = false

  constructor({ capacity = 1000, delays = [2_000, 15_000, 120_000], ...options }: OutboxOptions) {
    this.#options = { ...options, capacity, delays }
  }

  /** Takes a message and returns at once. It never throws. */
  post(kind: string, message: MailMessage): void {
    const { capacity, log } = this.#options
    if (this.#isClosed || this.#waiting >= capacity) {
      return log('error', `An e-mail (${kind}) was not sent: the queue is full or closed`)
    }
    this.#later(0, { kind, message, attempt: 0 })
  }

  /** Ends waiting, and resolves when nothing is being sent. What still waits is dropped. */
  async close(): Promise<void> {
    this.#isClosed = true
    const dropped = this.#waiting
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    this.#ready.length = 0
    if (dropped > 0)
      this.#options.log('error', `${dropped} e-mails were not sent: the server stops`)
    await Promise.all(this.#sending)
  }

  get #waiting(): number {
    return this.#ready.length + this.#timers.size
  }

  #later(milliseconds: number, waiting: Waiting): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#ready.push(waiting)
      this.#sendNext()
    }, milliseconds)
    this.#timers.add(timer)
    timer.unref()
  }

  #sendNext(): void {
    const next = this.#sending.size < parallel ? this.#ready.shift() : undefined
    if (!next) return
    const task: Promise<void> = this.#send(next).finally(() => {
      this.#sending.delete(task)
      this.#sendNext()
    })
    this.#sending.add(task)
  }

  async #send(waiting: Waiting): Promise<void> {
    try {
      await this.#options.transport.send(waiting.message)
    } catch (error) {
      this.#failed(waiting, error)
    }
  }

  #failed({ kind, message, attempt }: Waiting, error: unknown): void {
    const { delays, log } = this.#options
    const delay = this.#isClosed || isPermanent(error) ? undefined : delays[attempt]
    if (delay === undefined) {
      return log('error', `An e-mail (${kind}) was not sent: ${reason(error)}`)
    }
    log('warn', `An e-mail (${kind}) is tried again: ${reason(error)}`)
    this.#later(delay, { kind, message, attempt: attempt + 1 })
  }
}

function isPermanent(error: unknown): boolean {
  return responseCode(error) >= 500
}

/** A code alone: the words of a mail server repeat the address. */
function reason(error: unknown): string {
  const status = responseCode(error)
  if (status > 0) return `the mail server answered ${status}`
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^[A-Z_]{1,32}$/.test(code) ? code : 'the transport failed'
}

function responseCode(error: unknown): number {
  const code = error instanceof Error && 'responseCode' in error ? error.responseCode : 0
  return typeof code === 'number' ? code : 0
}
