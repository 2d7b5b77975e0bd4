import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { TestProject } from 'vitest/node'
import { startPostgres, type TestPostgres } from './postgres.ts'

/**
 * Gives every test worker of the run one PostgreSQL, started by the first `freshDatabase()`.
 *
 * Workers are separate processes, so they ask this one over HTTP; a run without database tests
 * starts nothing.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let starting: Promise<TestPostgres> | undefined
  const path = `/${randomBytes(16).toString('hex')}`
  const createDatabase = async (): Promise<string> => {
    starting ??= startPostgres()
    return (await starting).createDatabase()
  }
  const broker = createServer((request, response) => {
    if (request.url !== path || request.method !== 'POST') {
      response.writeHead(404).end()
      return
    }
    createDatabase().then(
      (connectionString) => response.end(connectionString),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
  project.provide('postgresBroker', `http://127.0.0.1:${await listen(broker)}${path}`)
  return async () => {
    broker.close()
    broker.closeAllConnections()
    const postgres = await starting?.catch(() => undefined)
    await postgres?.stop()
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (!address || typeof address === 'string') throw new Error('No free port on 127.0.0.1.')
  return address.port
}
