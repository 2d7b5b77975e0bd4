import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Locks this process holds: its own pid in a lock file may also be left from before a restart. */
const held = new Set<string>()

/** Another process has the data directory open. */
export class DirectoryInUse extends Error {
  override readonly name = 'DirectoryInUse'
}

/**
 * Claims a directory for this process and returns how to give it back.
 *
 * The lock is a file with the process id, so it outlives a crash; one whose process is gone is
 * taken over.
 */
export function lockDirectory(directory: string): () => void {
  const file = join(directory, 'process.lock')
  const mine = `${process.pid} ${startedAt(process.pid)}\n`
  for (let attempt = 0; attempt < 5; attempt++) {
    if (claim(file, mine)) {
      held.add(file)
      return () => {
        if (held.delete(file)) rmSync(file, { force: true })
      }
    }
    const holder = read(file)
    if (holder === undefined) continue
    if (held.has(file) || isAlive(holder)) throw inUse(directory, holder)
    discard(file, holder)
  }
  throw inUse(directory, read(file) ?? '')
}

/** Creates the lock whole: a link appears with its content, or not at all. */
function claim(file: string, content: string): boolean {
  const draft = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`
  writeFileSync(draft, content, { mode: 0o600 })
  try {
    linkSync(draft, file)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Removes a stale lock. If somebody else replaced it meanwhile, theirs is put back. */
function discard(file: string, stale: string): void {
  const aside = `${file}.stale.${process.pid}`
  try {
    renameSync(file, aside)
  } catch {
    return
  }
  if (read(aside) !== stale) {
    try {
      linkSync(aside, file)
    } catch {
      // A third process claimed it in between; the next attempt sees that one.
    }
  }
  rmSync(aside, { force: true })
}

function isAlive(holder: string): boolean {
  const [pid, started] = holder.trim().split(' ')
  const id = Number(pid)
  // In a container the first process always has the same id: ours, and not a second one.
  if (!Number.isInteger(id) || id <= 0 || id === process.pid) return false
  try {
    process.kill(id, 0)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false
  }
  const current = startedAt(id)
  return current === '' || started === undefined || current === started
}

/** When a process started, on systems that say so: tells a reused process id from the old one. */
function startedAt(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function inUse(directory: string, holder: string): DirectoryInUse {
  const pid = holder.trim().split(' ')[0]
  return new DirectoryInUse(
    `The data directory ${directory} is in use by process ${pid || 'unknown'}; stop it or choose another directory.`,
  )
}
