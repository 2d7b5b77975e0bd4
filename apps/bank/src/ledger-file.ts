import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { openingLedger, type Ledger } from './ledger.ts'

const ledgerSchema = z.object({
  accounts: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      currency: z.enum(['EUR', 'USD']),
      balanceCents: z.number().int().nonnegative(),
    }),
  ),
  transfers: z.array(
    z.object({
      id: z.string(),
      from: z.string(),
      to: z.string(),
      amountCents: z.number().int().positive(),
      currency: z.enum(['EUR', 'USD']),
      note: z.string().nullable(),
      status: z.enum(['completed', 'cancelled']),
      createdAt: z.string(),
      cancelledAt: z.string().nullable(),
    }),
  ),
})

/** Reads the ledger, or opens a new one when the file does not exist yet. A damaged file is an error. */
export async function readLedger(file: string): Promise<Ledger> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return openingLedger()
    throw error
  }
  return ledgerSchema.parse(JSON.parse(text))
}

/** Writes the ledger beside its file and renames it into place: a reader sees the old one or the new one. */
export async function writeLedger(file: string, ledger: Ledger): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const draft = `${file}.${randomUUID()}.tmp`
  try {
    const handle = await open(draft, 'wx', 0o600)
    try {
      await handle.writeFile(`${JSON.stringify(ledger, null, 2)}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(draft, file)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}
