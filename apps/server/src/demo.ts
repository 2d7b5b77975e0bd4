import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Bank } from '@countersign/demo-bank'
import { createFromOpenAPI } from '@countersign/server'

/** The demo bank, and its operations as capabilities for agents. */
export interface Demo {
  readonly bank: Bank
  readonly capabilities: ReturnType<typeof createFromOpenAPI>
}

/** Starts the demo bank on a free port of this machine. Only this server knows its credential. */
export async function startDemo(dataDir: string): Promise<Demo> {
  const { startBank } = await import('@countersign/demo-bank')
  const credential = randomBytes(24).toString('base64url')
  const bank = await startBank({ port: 0, credential, dataFile: join(dataDir, 'bank.json') })
  const capabilities = createFromOpenAPI(bank.openapi, {
    baseUrl: bank.url,
    credentials: { bank_credential: credential },
    approvalStrength: { transfer_money: 'webauthn' },
  })
  return { bank, capabilities }
}
