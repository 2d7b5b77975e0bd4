/** Works through items as they come, eight at a time. The first failure ends it. */
export async function forEachOf<Item>(
  items: AsyncIterable<Item>,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.asyncIterator]()
  const worker = async () => {
    for (let step = await iterator.next(); !step.done; step = await iterator.next()) {
      await work(step.value)
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
}
