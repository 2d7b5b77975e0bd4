import { readLedger, writeLedger } from './ledger-file.ts'
import { openingLedger, type Ledger } from './ledger.ts'

/** Holds the current ledger and lets one change at a time replace it. */
export interface Vault {
  current(): Ledger
  /** Applies one change: stored first, visible after. A change that throws leaves everything as it was. */
  change<Result extends { ledger: Ledger }>(apply: (ledger: Ledger) => Result): Promise<Result>
}

/** Opens the vault, from its file when there is one. */
export async function openVault(dataFile?: string): Promise<Vault> {
  let ledger = dataFile ? await readLedger(dataFile) : openingLedger()
  let last: Promise<unknown> = Promise.resolve()

  return {
    current: () => ledger,
    change(apply) {
      const next = last.then(async () => {
        const result = apply(ledger)
        if (dataFile) await writeLedger(dataFile, result.ledger)
        ledger = result.ledger
        return result
      })
      // A refused change must not block the one that waits behind it.
      last = next.catch(() => undefined)
      return next
    },
  }
}
