import { accessSync, constants, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { vi } from 'vitest'
import { startOwned } from '../../../../testing/owned-process.ts'

/** Where a Redis or Valkey server is installed, if it is. `REDIS_SERVER_PATH` names another one. */
export function findRedisServer(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const installed = folders.flatMap((folder) => [
    join(folder, 'redis-server'),
    join(folder, 'valkey-server'),
  ])
  const named = process.env['REDIS_SERVER_PATH']
  return [...(named ? [named] : []), ...installed].find(isExecutable)
}

/** Starts a server that listens on a socket in a folder of its own; both end with the test. */
export async function startRedis(
  binary: string,
): Promise<{ path: string; end(): Promise<unknown> }> {
  const temporaryDirectory = mkdtempSync(join(tmpdir(), 'countersign-redis-'))
  const path = join(temporaryDirectory, 'socket')
  const server = startOwned({
    command: [binary, '--port', '0', '--unixsocket', path, '--save', ''],
    signal: 'TERM',
    temporaryDirectory,
    env: process.env,
  })
  await vi.waitFor(
    () => {
      if (!/ready to accept connections/i.test(server.output())) throw new Error(server.output())
    },
    { timeout: 10_000 },
  )
  return { path, end: () => server.end() }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
