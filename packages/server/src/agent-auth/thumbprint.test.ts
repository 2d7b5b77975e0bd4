import { generateKeyPair, jwkThumbprint } from '@countersign/protocol'
import { expect, it } from 'vitest'
import { thumbprintOf } from './thumbprint.ts'

it('is the thumbprint of RFC 8037 appendix A.3, and that of the protocol', async () => {
  const x = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'
  const key = { kty: 'OKP', crv: 'Ed25519', x } as const
  expect(thumbprintOf(key)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
  const { publicJwk } = await generateKeyPair()
  expect(thumbprintOf({ ...publicJwk })).toBe(await jwkThumbprint(publicJwk))
})
