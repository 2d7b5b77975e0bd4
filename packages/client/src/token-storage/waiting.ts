/** Resolves after some milliseconds. */
export function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

/**
 * Pauses between looks at something another process does, in milliseconds, without end.
 *
 * @yields Pauses that grow to a quarter of a second, each with some luck in it.
 */
export function* pauses(): Generator<number, never> {
  for (let longest = 25; ; longest = Math.min(longest * 2, 250)) {
    yield longest * (0.5 + Math.random() / 2)
  }
}

/** Runs a step again while it fails, four times within about two seconds; then its error counts. */
export async function persistently<Result>(step: () => Promise<Result>): Promise<Result> {
  for (const pause of [50, 200, 500, 1000]) {
    try {
      return await step()
    } catch {
      await delay(pause)
    }
  }
  return step()
}
