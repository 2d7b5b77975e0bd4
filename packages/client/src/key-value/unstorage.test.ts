import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createStorage } from 'unstorage'
import fsDriver from 'unstorage/drivers/fs-lite'
import memoryDriver from 'unstorage/drivers/memory'
import { afterAll } from 'vitest'
import { describeKeyValueStorage } from '../../test/support/key-value-contract.ts'
import { UnstorageKeyValue } from './unstorage.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-unstorage-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describeKeyValueStorage(
  'UnstorageKeyValue in memory',
  async () => new UnstorageKeyValue(createStorage({ driver: memoryDriver() })),
  { atomic: false },
)

describeKeyValueStorage(
  'UnstorageKeyValue in files',
  async () => new UnstorageKeyValue(createStorage({ driver: fsDriver({ base: folder }) })),
  { atomic: false },
)
