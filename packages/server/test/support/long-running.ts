import { type Capability, asynchronous } from '../../src/agent-auth/index.ts'

/** A handler that has begun and waits for the test to go on. */
export interface Begun<Result> {
  readonly signal: AbortSignal
  finish(result: Result): void
  fail(error: unknown): void
}

/** Hands over what began under a key, whoever comes first. */
class Meeting<Value> {
  readonly #waiting = new Map<
    string,
    { promise: Promise<Value>; resolve: (value: Value) => void }
  >()

  at(key: string) {
    let found = this.#waiting.get(key)
    if (!found) this.#waiting.set(key, (found = deferred<Value>()))
    return found
  }
}

function deferred<Value>() {
  let resolve: (value: Value) => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<Value>((onValue, onError) => {
    resolve = onValue
    reject = onError
  })
  return { promise, resolve, reject }
}

/** What one stream of a test has done so far. */
export interface Feed {
  readonly signal: AbortSignal | undefined
  /** How many chunks were asked for. */
  asked: number
  /** Whether the handler was told that nobody wants more. */
  returned: boolean
}

const input = { type: 'object', properties: { key: { type: 'string' } }, required: ['key'] }

/** Capabilities that take longer than a request, under the hand of a test. */
export class LongRunning {
  readonly #jobs = new Meeting<Begun<unknown>>()
  readonly #feeds = new Meeting<Feed>()

  /** The job that began with `{ key }`. */
  job(key: string): Promise<Begun<unknown>> {
    return this.#jobs.at(key).promise
  }

  /** The endless feed that began with `{ key }`. */
  feed(key: string): Promise<Feed> {
    return this.#feeds.at(key).promise
  }

  readonly capabilities: readonly Capability[] = [
    {
      name: 'export_statement',
      description: 'Writes a statement, which takes a while.',
      readOnly: true,
      input,
      execute: ({ key }) =>
        asynchronous((signal) => {
          const { promise, resolve, reject } = deferred<unknown>()
          this.#jobs.at(String(key)).resolve({ signal, finish: resolve, fail: reject })
          return promise
        }),
    },
    {
      name: 'audit_books',
      description: 'Promises a total, later.',
      output: { type: 'object', properties: { total: { type: 'number' } }, required: ['total'] },
      execute: ({ total }) => asynchronous(async () => ({ total })),
    },
    {
      name: 'watch_prices',
      description: 'Tells prices until nobody listens.',
      readOnly: true,
      input,
      execute: ({ key, every = 5 }, { signal }) => {
        const feed: Feed = { signal, asked: 0, returned: false }
        this.#feeds.at(String(key)).resolve(feed)
        return prices(feed, Number(every))
      },
    },
    {
      name: 'say',
      description: 'Says each word; `oops` breaks it.',
      output: { type: 'string' },
      async *execute({ words }) {
        for (const word of words as unknown[]) {
          if (word === 'oops') throw new Error('password=hunter2')
          yield word
        }
      },
    },
    {
      name: 'say_nothing',
      description: 'Never says a word.',
      execute: () => new ReadableStream({}),
    },
    {
      name: 'read_out',
      description: 'A stream of the platform.',
      execute: () =>
        new ReadableStream({
          start(controller) {
            controller.enqueue({ line: 'a\nb\r\n\nevent: done' })
            controller.enqueue('\u2028')
            controller.enqueue(null)
            controller.close()
          },
        }),
    },
  ]
}

async function* prices(feed: Feed, every: number): AsyncGenerator {
  try {
    for (;;) {
      feed.asked += 1
      yield { price: feed.asked }
      await new Promise((resolve) => setTimeout(resolve, every))
    }
  } finally {
    feed.returned = true
  }
}
