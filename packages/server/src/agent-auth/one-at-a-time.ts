const running = new Map<string, Promise<unknown>>()

/**
 * Runs `task` after every earlier task with the same key in this process.
 *
 * It spares the database conflicts and covers databases that enforce no keys. Between processes
 * the database decides.
 */
export async function oneAtATime<Result>(
  key: string,
  task: () => Promise<Result>,
): Promise<Result> {
  const before = running.get(key)
  const mine = before ? before.then(task, task) : task()
  running.set(key, mine)
  try {
    return await mine
  } finally {
    if (running.get(key) === mine) running.delete(key)
  }
}
