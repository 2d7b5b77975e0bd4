const MAX_SIZE = 100

interface Waiting<Input, Output> {
  readonly input: Input
  readonly resolve: (output: Output) => void
  readonly reject: (error: unknown) => void
}

/**
 * Makes calls that arrive together together.
 *
 * One call is under way at a time; who arrives meanwhile joins the next. An idle server answers as
 * fast as without, a busy one needs fewer statements the busier it is. When a call for many fails,
 * each is tried alone, so that nobody fails because of a stranger.
 */
export class Batch<Input, Output> {
  readonly #run: (inputs: readonly Input[]) => Promise<readonly Output[]>
  readonly #waiting: Waiting<Input, Output>[] = []
  #underWay = false

  /** `run` returns one output for each input, in the same order. */
  constructor(run: (inputs: readonly Input[]) => Promise<readonly Output[]>) {
    this.#run = run
  }

  add(input: Input): Promise<Output> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ input, resolve, reject })
      if (!this.#underWay) void this.#drain()
    })
  }

  async #drain(): Promise<void> {
    this.#underWay = true
    while (this.#waiting.length > 0) await this.#next()
    this.#underWay = false
  }

  async #next(): Promise<void> {
    const batch = this.#waiting.splice(0, MAX_SIZE)
    try {
      const outputs = await this.#run(batch.map(({ input }) => input))
      // `run` keeps its promise of one output for each input.
      for (const [index, { resolve }] of batch.entries()) resolve(outputs[index] as Output)
    } catch (error) {
      if (batch.length === 1) batch[0]?.reject(error)
      else await this.#oneByOne(batch)
    }
  }

  async #oneByOne(batch: readonly Waiting<Input, Output>[]): Promise<void> {
    for (const { input, resolve, reject } of batch) {
      await this.#run([input]).then(([output]) => resolve(output as Output), reject)
    }
  }
}
