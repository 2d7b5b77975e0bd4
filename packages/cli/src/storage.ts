import { homedir } from 'node:os'
import { join } from 'node:path'
import type { AgentStorage, RecordStore } from '@countersign/agent'
import {
  encryptedFileRecords,
  encryptedFileStorage,
  keychainPassphrase,
  keychainStorage,
} from '@countersign/agent/node'
import type { SignIn } from './account/sign-in.ts'
import type { Terminal } from './terminal.ts'
import { UsageError } from './usage-error.ts'

/** Where everything of this person is kept: `COUNTERSIGN_HOME`, by default `~/.countersign`. */
export function homeFolder({ env }: Pick<Terminal, 'env'>): string {
  return env['COUNTERSIGN_HOME'] || join(homedir(), '.countersign')
}

/**
 * The keys of this person's agents, in their home folder. With `COUNTERSIGN_KEYCHAIN=1` the file's
 * passphrase is in the keychain of the operating system.
 */
export function openStorage(terminal: Pick<Terminal, 'env'>): AgentStorage {
  const file = join(homeFolder(terminal), 'agents.json')
  if (terminal.env['COUNTERSIGN_KEYCHAIN'] === '1') return keychainStorage({ file })
  return encryptedFileStorage({ file, passphrase: terminal.env['COUNTERSIGN_PASSPHRASE'] })
}

/** Says what to do about a folder of this person that cannot be read or written; other errors stay. */
export function explainHome(error: unknown, terminal: Pick<Terminal, 'env'>): unknown {
  if (!(error instanceof Error) || !('path' in error) || !('code' in error)) return error
  const home = homeFolder(terminal)
  if (!String(error.path).startsWith(home)) return error
  const message = `${home} cannot be used (${String(error.code)}). Set COUNTERSIGN_HOME to a folder of yours.`
  return new UsageError(message)
}

/** This person's sign-ins, by issuer, kept as the keys of their agents are. */
export async function openSignIns(terminal: Pick<Terminal, 'env'>): Promise<RecordStore<SignIn>> {
  const file = join(homeFolder(terminal), 'sign-ins.json')
  const { env } = terminal
  const passphrase =
    env['COUNTERSIGN_KEYCHAIN'] === '1'
      ? await keychainPassphrase(file)
      : env['COUNTERSIGN_PASSPHRASE']
  return encryptedFileRecords<SignIn>({ file, passphrase })
}
