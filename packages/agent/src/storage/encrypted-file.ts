import { randomBytes, randomUUID } from 'node:crypto'
import { chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AgentClientError } from '../errors.ts'
import { deriveKey, newPassphraseKeySource, seal, unseal } from './encryption.ts'
import type { KeySource, SealedFile } from './encryption.ts'
import { withFileLock } from './file-lock.ts'
import type { HeldLock } from './file-lock.ts'
import type { AgentStorage, RecordStore } from './storage.ts'

/** Options of {@link encryptedFileStorage}. */
export interface EncryptedFileStorageOptions {
  /** The file. Its folder is created with mode 0700 when it is missing, the file with 0600. */
  readonly file: string
  /**
   * Encrypts the file. Without one, a random key is kept in `<file>.key` (0600): that protects a
   * copy of the file alone, and nothing against somebody who can read your other files too.
   *
   * @default process.env.COUNTERSIGN_PASSPHRASE
   */
  readonly passphrase?: string | undefined
}

/** Records by kind, then by key. */
type Content = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/**
 * Keeps keys in one encrypted file (scrypt, AES-256-GCM) that several processes may share.
 *
 * Every write happens under a lock and replaces the file in one step, so nothing is lost when two
 * processes write at once or one dies in the middle.
 */
export function encryptedFileStorage(options: EncryptedFileStorageOptions): AgentStorage {
  const file = new EncryptedFile(options)
  return { hosts: records(file, 'hosts'), connections: records(file, 'connections') }
}

/** Keeps other secrets of a person the same way, in a file of their own. */
export function encryptedFileRecords<T>(options: EncryptedFileStorageOptions): RecordStore<T> {
  return records<T>(new EncryptedFile(options), 'records')
}

function records<T>(file: EncryptedFile, kind: string): RecordStore<T> {
  const all = (content: Content): Map<string, T> =>
    new Map(Object.entries((content[kind] ?? {}) as Readonly<Record<string, T>>))
  return {
    get: async (key) => structuredClone(all(await file.read()).get(key)),
    list: async () => structuredClone([...all(await file.read()).values()]),
    update: async (key, change) => {
      let outcome: T | undefined
      await file.update((content) => {
        const next = all(content)
        const before = structuredClone(next.get(key))
        outcome = change(before)
        if (outcome === undefined) next.delete(key)
        else next.set(key, outcome)
        return { ...content, [kind]: Object.fromEntries(next) }
      })
      return outcome
    },
  }
}

class EncryptedFile {
  readonly #path: string
  readonly #passphrase: string | undefined
  /** Deriving a key takes a third of a second; it is kept for as long as the salt stays. */
  #derived: { readonly salt: string; readonly key: Promise<Uint8Array> } | undefined
  #last: { readonly stamp: string; readonly content: Content } | undefined
  #queue: Promise<unknown> = Promise.resolve()

  constructor(options: EncryptedFileStorageOptions) {
    this.#path = options.file
    const passphrase = options.passphrase ?? process.env['COUNTERSIGN_PASSPHRASE']
    this.#passphrase = passphrase === '' ? undefined : passphrase
  }

  async read(): Promise<Content> {
    const stamp = await this.#stamp()
    if (stamp === undefined) return {}
    if (this.#last?.stamp === stamp) return this.#last.content
    const sealed = await this.#readSealed()
    const content = await this.#open(sealed)
    this.#last = { stamp, content }
    return content
  }

  async update(change: (content: Content) => Content): Promise<void> {
    // Within one process writers queue here; the lock file is for the others.
    const run = this.#queue.then(async () => {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
      await this.read() // derives the key before the lock is taken, not while it is held
      await withFileLock(`${this.#path}.lock`, async (lock) => {
        const before = await this.read()
        const after = change(before)
        await this.#write(JSON.stringify(after), lock)
      })
    })
    this.#queue = run.catch(() => undefined)
    return run
  }

  async #write(text: string, lock: HeldLock): Promise<void> {
    const source = await this.#keySourceForWriting()
    const sealed = seal(text, await this.#key(source), source)
    const temporary = `${this.#path}.${randomUUID()}.tmp`
    try {
      await writeDurably(temporary, JSON.stringify(sealed))
      // A process that slept longer than a lock lives must not overwrite what came after it.
      if (!(await lock.isHeld())) throw new Error(`The lock of ${this.#path} was lost; try again.`)
      await rename(temporary, this.#path)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  }

  /** Keeps the salt of the file, and moves a file that had no passphrase to the one given now. */
  async #keySourceForWriting(): Promise<KeySource> {
    if (this.#passphrase === undefined) return { kind: 'key-file' }
    const exists = (await this.#stamp()) !== undefined
    const current = exists ? (await this.#readSealed()).key : undefined
    return current?.kind === 'scrypt' ? current : newPassphraseKeySource()
  }

  async #key(source: KeySource): Promise<Uint8Array> {
    if (source.kind === 'key-file') return this.#keyFile()
    if (this.#passphrase === undefined) {
      throw this.#unreadable('is protected by a passphrase; set COUNTERSIGN_PASSPHRASE')
    }
    if (this.#derived?.salt !== source.salt) {
      this.#derived = { salt: source.salt, key: deriveKey(this.#passphrase, source) }
    }
    return this.#derived.key
  }

  async #keyFile(): Promise<Uint8Array> {
    const path = `${this.#path}.key`
    const exists = (await this.#stamp()) !== undefined
    try {
      return new Uint8Array(await readFile(path))
    } catch (error) {
      // A new key for a file that is there already could never open it.
      if (exists || (error as NodeJS.ErrnoException).code !== 'ENOENT') {
        throw this.#unreadable(`cannot be opened: its key ${path} is missing`, error)
      }
    }
    const key = new Uint8Array(randomBytes(32))
    const temporary = `${path}.${randomUUID()}.tmp`
    await writeDurably(temporary, key)
    await rename(temporary, path)
    return key
  }

  async #open(sealed: SealedFile): Promise<Content> {
    try {
      return JSON.parse(unseal(sealed, await this.#key(sealed.key))) as Content
    } catch (cause) {
      if (cause instanceof AgentClientError) throw cause
      this.#derived = undefined
      const reason =
        sealed.key.kind === 'scrypt'
          ? 'the passphrase is wrong, or'
          : 'its key is not the right one, or'
      throw this.#unreadable(`cannot be opened: ${reason} the file was changed`, cause)
    }
  }

  async #readSealed(): Promise<SealedFile> {
    const text = await readFile(this.#path, 'utf8')
    try {
      const sealed = JSON.parse(text) as Partial<SealedFile>
      if (sealed.version === 1 && sealed.key && sealed.iv && sealed.tag) return sealed as SealedFile
    } catch {
      // Falls through to the error below.
    }
    throw this.#unreadable('is not a key file of this version')
  }

  /** Changes whenever the file is replaced: every write makes a new inode. */
  async #stamp(): Promise<string | undefined> {
    try {
      const { ino, mtimeMs, size } = await stat(this.#path)
      return `${ino} ${mtimeMs} ${size}`
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }

  #unreadable(problem: string, cause?: unknown): AgentClientError {
    return new AgentClientError('storage_unreadable', `${this.#path} ${problem}.`, { cause })
  }
}

/** Writes a new file only its owner can read, and returns once it is on the disk. */
async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  // The process's umask can only take bits away; this puts back what the owner needs.
  await chmod(path, 0o600)
}
