import { randomUUID } from 'node:crypto'
import { open, readFile, stat, unlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

/** A lock is held for milliseconds; one this old was left behind, even if its process id lives on. */
const STALE_AFTER_MS = 60_000
const GIVE_UP_AFTER_MS = 120_000

interface LockOwner {
  readonly host: string
  readonly pid: number
  readonly token: string
}

/** Tells the holder that its lock is still its own, which it checks right before it commits. */
export interface HeldLock {
  isHeld(): Promise<boolean>
}

/**
 * Runs `work` while no other process holds the lock file, and removes the file afterwards.
 *
 * A lock whose process died, or that is older than a minute, is taken over.
 */
export async function withFileLock<T>(
  path: string,
  work: (lock: HeldLock) => Promise<T>,
): Promise<T> {
  const owner: LockOwner = { host: hostname(), pid: process.pid, token: randomUUID() }
  await acquire(path, owner)
  const isHeld = async (): Promise<boolean> => (await readOwner(path))?.token === owner.token
  try {
    return await work({ isHeld })
  } finally {
    if (await isHeld()) await removeIfPresent(path)
  }
}

async function acquire(path: string, owner: LockOwner): Promise<void> {
  const giveUpAt = Date.now() + GIVE_UP_AFTER_MS
  for (let attempt = 0; !(await createExclusively(path, JSON.stringify(owner))); attempt += 1) {
    if (Date.now() > giveUpAt) throw new Error(`${path} is locked by another process.`)
    if (await isStale(path)) await breakStaleLock(path)
    else await sleep(Math.min(2 + attempt * 2, 40) * (0.5 + Math.random()))
  }
}

/**
 * Removes a lock that was left behind.
 *
 * Two processes may both find it stale; only the one that creates the second file removes it, after
 * looking again, so the new lock of a third process is never taken away.
 */
async function breakStaleLock(path: string): Promise<void> {
  const breaker = `${path}.break`
  if (!(await createExclusively(breaker, ''))) {
    if ((await ageOf(breaker)) > STALE_AFTER_MS) await removeIfPresent(breaker)
    await sleep(10)
    return
  }
  try {
    if (await isStale(path)) await removeIfPresent(path)
  } finally {
    await removeIfPresent(breaker)
  }
}

async function isStale(path: string): Promise<boolean> {
  const age = await ageOf(path)
  if (age > STALE_AFTER_MS) return true
  const owner = await readOwner(path)
  // A half-written owner is a lock being created right now; its age decides.
  if (!owner || owner.host !== hostname()) return false
  return age >= 0 && !isAlive(owner.pid)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

async function readOwner(path: string): Promise<LockOwner | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as LockOwner
  } catch {
    return undefined
  }
}

/** Milliseconds since the file was written, or -1 when there is none. */
async function ageOf(path: string): Promise<number> {
  try {
    return Date.now() - (await stat(path)).mtimeMs
  } catch {
    return -1
  }
}

async function createExclusively(path: string, content: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600)
    await file.writeFile(content)
    await file.close()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function removeIfPresent(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
