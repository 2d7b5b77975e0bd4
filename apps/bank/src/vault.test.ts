import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openingLedger, transferMoney } from './ledger.ts'
import { openVault, type Vault } from './vault.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vault-'))
})
afterEach(() => rm(folder, { recursive: true }))

function move(vault: Vault, amountCents: number) {
  const order = { from: 'acc_1', to: 'acc_2', currency: 'EUR' as const, note: null, amountCents }
  return vault.change((ledger) =>
    transferMoney(ledger, order, { id: `tr_${amountCents}`, now: '2026-01-31T12:00:00.000Z' }),
  )
}

it('stores every change before it is visible', async () => {
  const file = join(folder, 'deep', 'bank.json')
  const vault = await openVault(file)
  await Promise.all([move(vault, 100), move(vault, 200)])
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(vault.current())
  expect((await openVault(file)).current()).toEqual(vault.current())
})

it('keeps the old ledger when it cannot be stored, and goes on', async () => {
  const blocked = await openVault(join(folder, 'elsewhere', 'bank.json'))
  // A file stands where the folder should be.
  await writeFile(join(folder, 'elsewhere'), '')
  await expect(move(blocked, 100)).rejects.toThrow(/EEXIST|ENOTDIR/)
  expect(blocked.current()).toEqual(openingLedger())

  await rm(join(folder, 'elsewhere'))
  await move(blocked, 100)
  expect(blocked.current().transfers).toHaveLength(1)
})

it('does not let a refused change block the next one', async () => {
  const vault = await openVault()
  const [refused, done] = await Promise.allSettled([move(vault, 1e9), move(vault, 100)])
  expect([refused.status, done.status]).toEqual(['rejected', 'fulfilled'])
})

it('refuses to open a damaged file', async () => {
  const file = join(folder, 'bank.json')
  await writeFile(file, '{"accounts":[]')
  await expect(openVault(file)).rejects.toThrow(SyntaxError)
  await writeFile(file, '{"accounts":[{"id":"acc_1","balanceCents":-1}],"transfers":[]}')
  await expect(openVault(file)).rejects.toThrow(/balanceCents/)
})
