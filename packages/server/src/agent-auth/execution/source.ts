/** Where the chunks of a stream come from, whatever a handler returned. */
export interface ChunkSource {
  next(): Promise<{ done?: boolean | undefined; value?: unknown }>
  /** Tells the handler that nobody wants more. Also while a chunk is awaited. */
  stop(): void
}

/** The chunks of an async iterable or a `ReadableStream`; `null` for any other value. */
export function chunkSource(value: unknown): ChunkSource | null {
  if (value instanceof ReadableStream) return fromReadableStream(value)
  return isAsyncIterable(value) ? fromIterable(value) : null
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

function fromIterable(iterable: AsyncIterable<unknown>): ChunkSource {
  const iterator = iterable[Symbol.asyncIterator]()
  return {
    next: () => iterator.next(),
    stop: () => ignore(async () => iterator.return?.()),
  }
}

/** Its iterator would wait for the chunk under way before it cancels; its reader does not. */
function fromReadableStream(stream: ReadableStream): ChunkSource {
  const reader = stream.getReader()
  return {
    next: () => reader.read(),
    stop: () => ignore(() => reader.cancel()),
  }
}

/** What goes wrong while cleaning up is of no use to anybody: the stream has ended. */
function ignore(stop: () => Promise<unknown>): void {
  void stop().catch(() => {})
}
