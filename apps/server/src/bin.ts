#!/usr/bin/env node
import { relative } from 'node:path'
import {
  ConfigurationError,
  DatabaseUnavailable,
  DirectoryInUse,
  SchemaDrift,
} from '@countersign/server'
import { banner } from './banner.ts'
import { log } from './log.ts'
import { readSettings } from './settings.ts'
import { startServer } from './start.ts'

/** Failures that the person at the terminal can mend; their message says how. */
const expected = [ConfigurationError, DatabaseUnavailable, DirectoryInUse, SchemaDrift]

try {
  const settings = readSettings(process.env)
  const server = await startServer(settings)
  const data = settings.connectionString
    ? `PostgreSQL at ${new URL(settings.connectionString).host}`
    : shortPath(settings.dataDir)
  const { account, inbox, url } = server
  process.stdout.write(banner({ url, account, data, inbox, demo: settings.demo }))
  stopOnSignal(server.stop)
} catch (error) {
  if (expected.some((kind) => error instanceof kind)) {
    process.stderr.write(`countersign: ${error instanceof Error ? error.message : ''}\n`)
  } else {
    log('error', 'The server cannot start', error)
  }
  process.exit(1)
}

/** A path as short as it stays clear: relative when it is below this folder. */
function shortPath(path: string): string {
  const short = relative(process.cwd(), path)
  return short === '' ? '.' : short.startsWith('..') ? path : short
}

function stopOnSignal(stop: () => Promise<void>): void {
  let stopping = false
  const handle = () => {
    // A second Ctrl-C means now.
    if (stopping) process.exit(130)
    stopping = true
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log('error', 'The server did not stop cleanly', error)
        process.exit(1)
      },
    )
  }
  process.on('SIGINT', handle).on('SIGTERM', handle)
}
