import type { AgentStorage, RecordStore } from './storage.ts'

/** Keeps keys in memory: for agents that may forget who they were when the process ends. */
export function memoryStorage(): AgentStorage {
  return { hosts: memoryRecords(), connections: memoryRecords() }
}

function memoryRecords<T>(): RecordStore<T> {
  const records = new Map<string, T>()
  return {
    get: async (key) => structuredClone(records.get(key)),
    list: async () => structuredClone([...records.values()]),
    update: async (key, change) => {
      const next = change(structuredClone(records.get(key)))
      if (next === undefined) records.delete(key)
      else records.set(key, structuredClone(next))
      return next
    },
  }
}
