import { once } from 'node:events'
import { createAdaptorServer } from '@hono/node-server'
import { bankApp } from './app.ts'
import { bankDocument, type BankDocument } from './document.ts'
import { openVault } from './vault.ts'

/** How a bank starts. */
export interface BankOptions {
  /** TCP port; 0 picks a free one. */
  port: number
  /** What clients send as `Authorization: Bearer …`. Make it random. */
  credential: string
  /**
   * JSON file that keeps accounts and transfers over a restart.
   *
   * @default none: everything is in memory
   */
  dataFile?: string
  /**
   * Address to listen on.
   *
   * @default '127.0.0.1'
   */
  hostname?: string
}

/** A running bank. */
export interface Bank {
  url: string
  openapi: BankDocument
  credential: string
  stop(): Promise<void>
}

/** Opens the accounts and serves the bank on its own port. */
export async function startBank(options: BankOptions): Promise<Bank> {
  const { port, credential, dataFile, hostname = '127.0.0.1' } = options
  if (credential.length < 16) {
    throw new TypeError('startBank: `credential` must be at least 16 characters.')
  }

  let url = ''
  const app = bankApp({ vault: await openVault(dataFile), credential, url: () => url })
  const server = createAdaptorServer({ fetch: app.fetch })
  server.listen(port, hostname)
  await once(server, 'listening')

  const address = server.address()
  if (!address || typeof address === 'string') throw new Error('The bank has no TCP address.')
  url = `http://${hostname.includes(':') ? `[${hostname}]` : hostname}:${address.port}`

  return {
    url,
    openapi: bankDocument(url),
    credential,
    async stop() {
      const closed = once(server, 'close')
      server.close()
      if ('closeAllConnections' in server) server.closeAllConnections()
      await closed
    },
  }
}
