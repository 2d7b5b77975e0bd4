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
