/** Runs something for each item, some at a time, and returns what it returned, in their order. */
export async function inBatches<Item, Result>(
  items: Iterable<Item>,
  run: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const waiting = [...items]
  const results: Result[] = []
  for (let at = 0; at < waiting.length; at += 25) {
    results.push(...(await Promise.all(waiting.slice(at, at + 25).map((item) => run(item)))))
  }
  return results
}
