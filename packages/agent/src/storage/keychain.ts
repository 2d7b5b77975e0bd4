import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { dirname, resolve as absolute } from 'node:path'
import { AgentClientError } from '../errors.ts'
import { encryptedFileStorage } from './encrypted-file.ts'
import { withFileLock } from './file-lock.ts'
import type { AgentStorage, RecordStore } from './storage.ts'

/** Where an operating system keeps secrets of the person who is signed in. */
export interface Keychain {
  /** The secret under a name, or nothing when there is none. */
  read(name: string): Promise<string | undefined>
  write(name: string, secret: string): Promise<void>
}

/** Options of {@link keychainStorage}. */
export interface KeychainStorageOptions {
  /** The encrypted file. Its folder is created with mode 0700 when it is missing, the file with 0600. */
  readonly file: string
  /** @default the one of this operating system */
  readonly keychain?: Keychain | undefined
}

/**
 * Keeps keys in an encrypted file whose passphrase, 256 random bits, is in the keychain of the
 * operating system: whoever copies every file has nothing.
 *
 * A file that had no passphrase moves over at the next write. Throws `storage_unreadable` where there
 * is no keychain.
 */
export function keychainStorage({
  file,
  keychain = systemKeychain(),
}: KeychainStorageOptions): AgentStorage {
  let opening: Promise<AgentStorage> | undefined
  const open = async (): Promise<AgentStorage> => {
    opening ??= keychainPassphrase(file, keychain).then((passphrase) =>
      encryptedFileStorage({ file, passphrase }),
    )
    // A keychain that was locked may be open the next time.
    return opening.catch((error: unknown) => {
      opening = undefined
      throw error
    })
  }
  const records = <T>(of: (storage: AgentStorage) => RecordStore<T>): RecordStore<T> => ({
    get: async (key) => of(await open()).get(key),
    list: async () => of(await open()).list(),
    update: async (key, change) => of(await open()).update(key, change),
  })
  return {
    hosts: records(({ hosts }) => hosts),
    connections: records(({ connections }) => connections),
  }
}

/** The passphrase of one file, made at its first use. Throws `storage_unreadable`. */
export async function keychainPassphrase(
  file: string,
  keychain: Keychain = systemKeychain(),
): Promise<string> {
  const path = absolute(file)
  // A digest, so that no path has to be quoted.
  const name = createHash('sha256').update(path).digest('hex').slice(0, 32)
  const known = await keychain.read(name)
  if (known !== undefined) return known
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  // Of two processes that start at once one makes it.
  return withFileLock(`${path}.keychain.lock`, async () => {
    const existing = await keychain.read(name)
    if (existing !== undefined) return existing
    // A new one could never open it.
    if (await hasPassphrase(path)) throw unreadable(`has no passphrase for ${path}`)
    const secret = randomBytes(32).toString('base64url')
    await keychain.write(name, secret)
    // Not used before it is certain to be found again.
    if ((await keychain.read(name)) === secret) return secret
    throw unreadable('did not keep the passphrase')
  })
}

/** Whether a file is there that a passphrase protects. */
async function hasPassphrase(path: string): Promise<boolean> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return text.includes('"kind":"scrypt"')
}

/** The keychain of this operating system, through the tool that comes with it. */
export function systemKeychain(platform: NodeJS.Platform = process.platform): Keychain {
  if (platform === 'darwin') return macKeychain
  if (platform === 'linux') return secretService
  const refuse = async (): Promise<never> => {
    throw unreadable(`of ${platform} is not supported; use a passphrase`)
  }
  return { read: refuse, write: refuse }
}

/** `security` of macOS. Secrets go in as a command on its input, never as an argument. */
const macKeychain: Keychain = {
  async read(name) {
    const words = ['find-generic-password', '-s', SERVICE, '-a', name, '-w']
    const { code, output } = await run('/usr/bin/security', words)
    if (code === 0) return output.trim()
    if (code === NOT_FOUND_ON_MAC) return undefined
    throw unreadable(`cannot be read (security: ${code})`)
  },
  async write(name, secret) {
    const command = `add-generic-password -U -s ${SERVICE} -a ${name} -w ${secret}\n`
    const { code } = await run('/usr/bin/security', ['-i'], command)
    if (code !== 0) throw unreadable(`cannot be written (security: ${code})`)
  },
}

/** `secret-tool` of libsecret: GNOME Keyring, KWallet and whatever else is the Secret Service. */
const secretService: Keychain = {
  async read(name) {
    const { code, output, problem } = await run('secret-tool', ['lookup', ...attributes(name)])
    if (code === 0 && output !== '') return output.trim()
    // Without a word: there is no such secret. With one: nobody answers, or it stays locked.
    if (problem === '') return undefined
    throw unreadable(`cannot be read (secret-tool: ${code})`)
  },
  async write(name, secret) {
    const words = ['store', '--label=Countersign', ...attributes(name)]
    const { code } = await run('secret-tool', words, secret)
    if (code !== 0) throw unreadable(`cannot be written (secret-tool: ${code})`)
  },
}

const SERVICE = 'countersign'
const NOT_FOUND_ON_MAC = 44

function attributes(name: string): string[] {
  return ['service', SERVICE, 'account', name]
}

interface Finished {
  readonly code: number | null
  readonly output: string
  readonly problem: string
}

/** Runs a program without a shell, with text on its input. */
function run(program: string, words: readonly string[], input = ''): Promise<Finished> {
  return new Promise((resolve, reject) => {
    // Not `timeout`: its timer stays where the program cannot be started, and holds the process up.
    const child = spawn(program, words, { stdio: 'pipe', signal: AbortSignal.timeout(60_000) })
    let output = ''
    let problem = ''
    child.stdout.on('data', (chunk: Uint8Array) => (output += String(chunk)))
    child.stderr.on('data', (chunk: Uint8Array) => (problem += String(chunk)))
    child.on('error', (cause) => reject(unreadable(problemOf(program, cause), cause)))
    child.on('close', (code) => resolve({ code, output, problem: problem.trim() }))
    // A program that ends without reading is told by its exit code.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}

function problemOf(program: string, cause: Error): string {
  if (cause.name === 'AbortError') return `did not answer (${program})`
  return `needs \`${program}\`: install it, or use a passphrase instead`
}

function unreadable(problem: string, cause?: unknown): AgentClientError {
  const message = `The keychain of this system ${problem}.`
  return new AgentClientError('storage_unreadable', message, { cause })
}
