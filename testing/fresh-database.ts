import { inject } from 'vitest'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Answers a POST with the connection string of a fresh database; see `freshDatabase()`. */
    postgresBroker: string
  }
}

/**
 * Returns the connection string of an empty PostgreSQL database that only the caller knows.
 *
 * The first call of a run starts the server (about two seconds), the others take milliseconds.
 */
export async function freshDatabase(): Promise<string> {
  const response = await fetch(inject('postgresBroker'), { method: 'POST' })
  const body = await response.text()
  if (!response.ok) throw new Error(body)
  return body
}
