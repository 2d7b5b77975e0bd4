import { isConnectionLost } from '../database/lost-connection.ts'

const MAX_SIZE = 100

interface Waiting<Input, Output> {
  readonly input: Input
  readonly resolve: (output: Output) => void
  readonly reject: (error: unknown) => void
}

/**
 * Makes calls that arrive together together.
 *
 * Whoever arrives in one turn of the event loop shares a call; whoever arrives while as many calls
 * are under way as may be joins the next. A busy server needs fewer statements the busier it is.
 * When a call for many fails, each is tried alone, so that nobody fails because of a stranger.
 */
export class Batch<Input, Output> {
  readonly #run: (inputs: readonly Input[]) => Promise<readonly Output[]>
  readonly #concurrency: number
  readonly #waiting: Waiting<Input, Output>[] = []
  #underWay = 0
  #scheduled = false

  /** `run` returns one output for each input, in the same order. */
  constructor(run: (inputs: readonly Input[]) => Promise<readonly Output[]>, concurrency = 1) {
    this.#run = run
    this.#concurrency = concurrency
  }

  add(input: Input): Promise<Output> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ input, resolve, reject })
      this.#schedule()
    })
  }

  #schedule(): void {
    if (this.#scheduled || this.#underWay >= this.#concurrency) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      void this.#start()
    })
  }

  async #start(): Promise<void> {
    this.#underWay += 1
    await this.#next()
    this.#underWay -= 1
    // In a turn of its own: whoever was just answered may come back with more.
    if (this.#waiting.length > 0) this.#schedule()
  }

  async #next(): Promise<void> {
    const batch = this.#waiting.splice(0, MAX_SIZE)
    try {
      const outputs = await this.#run(batch.map(({ input }) => input))
      // `run` keeps its promise of one output for each input.
      for (const [index, { resolve }] of batch.entries()) resolve(outputs[index] as Output)
    } catch (error) {
      // A database that is away is away for everybody: asking again one by one would only take long.
      if (batch.length === 1 || isConnectionLost(error)) {
        for (const { reject } of batch) reject(error)
      } else await this.#oneByOne(batch)
    }
  }

  async #oneByOne(batch: readonly Waiting<Input, Output>[]): Promise<void> {
    for (const { input, resolve, reject } of batch) {
      await this.#run([input]).then(([output]) => resolve(output as Output), reject)
    }
  }
}
