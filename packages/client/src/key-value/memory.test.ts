import { expect, it } from 'vitest'
import { describeKeyValueStorage } from '../../test/support/key-value-contract.ts'
import { KeyValueClient } from './memory.ts'

describeKeyValueStorage('KeyValueClient', async () => new KeyValueClient(), { atomic: true })

it('O43 `new KeyValueClient()` needs nothing else', async () => {
  const { KeyValueClient: Exported } = await import('@countersign/client/key-value')
  const kv = new Exported()
  await kv.set('namespace', 'key', 'value')
  expect(await kv.get('namespace', 'key')).toEqual({ exists: true, data: 'value' })
})
