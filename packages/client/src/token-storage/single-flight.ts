const flights = new WeakMap<object, Map<string, Promise<unknown>>>()

/** Runs a task, unless the same one is under way on this object: then its result is shared. */
export function inFlight<Result>(
  owner: object,
  name: readonly string[],
  task: () => Promise<Result>,
): Promise<Result> {
  let running = flights.get(owner)
  if (!running) flights.set(owner, (running = new Map()))
  const key = JSON.stringify(name)
  const found = running.get(key)
  // Only a task of the same name is ever under this key.
  if (found) return found as Promise<Result>
  const started = task().finally(() => running.delete(key))
  running.set(key, started)
  return started
}
