const TIME_LIMIT = 10_000

/** Runs somebody else's code for ten seconds at most. Throws what it throws, or that time is over. */
export async function withinTime<Result>(
  run: (signal: AbortSignal) => Promise<Result> | Result,
): Promise<Result> {
  const controller = new AbortController()
  const { promise, stop } = timeLimit(controller)
  try {
    return await Promise.race([promise, Promise.resolve(controller.signal).then(run)])
  } finally {
    stop()
  }
}

function timeLimit(controller: AbortController): { promise: Promise<never>; stop: () => void } {
  let timer: NodeJS.Timeout | undefined
  const promise = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const error = new Error(`not done within ${TIME_LIMIT / 1000} seconds`)
      controller.abort(error)
      reject(error)
    }, TIME_LIMIT)
  })
  return { promise, stop: () => clearTimeout(timer) }
}
