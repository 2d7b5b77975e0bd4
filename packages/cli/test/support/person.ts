import { PassThrough } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import type { Terminal } from '../../src/terminal.ts'

/** Keys as a terminal sends them. */
export const keys = {
  enter: '\r',
  space: ' ',
  down: '\u001B[B',
  cancel: '\u0003',
  left: '\u001B[D',
}

/** Somebody at a terminal: waits for each question, then presses its keys. */
export class TestPerson {
  readonly dialog: NonNullable<Terminal['dialog']>
  #seen = ''
  #from = 0
  readonly #plan: (readonly [question: string, ...keys: string[]])[]

  constructor(plan: readonly (readonly [question: string, ...keys: string[]])[]) {
    this.#plan = [...plan]
    const [input, output] = [new PassThrough(), new PassThrough()]
    this.dialog = { input, output }
    output.on('data', (chunk: Buffer) => {
      this.#seen += stripVTControlCharacters(chunk.toString())
      this.#answer(input)
    })
  }

  /** Everything that was shown. */
  get seen(): string {
    return this.#seen
  }

  #answer(input: PassThrough): void {
    const [next] = this.#plan
    if (!next || !this.#seen.slice(this.#from).includes(next[0])) return
    this.#plan.shift()
    this.#from = this.#seen.length
    const [, ...pressed] = next
    void type(input, pressed)
  }
}

/** One key after another, each when the one before has been dealt with. */
async function type(input: PassThrough, pressed: readonly string[]): Promise<void> {
  for (const key of pressed) {
    await setImmediate()
    input.write(key)
  }
}
