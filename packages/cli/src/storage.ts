import { homedir } from 'node:os'
import { join } from 'node:path'
import type { AgentStorage } from '@countersign/agent'
import { encryptedFileStorage } from '@countersign/agent/node'
import type { Terminal } from './terminal.ts'

/** The keys of this person's agents: in `COUNTERSIGN_HOME`, by default `~/.countersign`. */
export function openStorage({ env }: Terminal): AgentStorage {
  const home = env['COUNTERSIGN_HOME'] || join(homedir(), '.countersign')
  const passphrase = env['COUNTERSIGN_PASSPHRASE']
  return encryptedFileStorage({ file: join(home, 'agents.json'), passphrase })
}
