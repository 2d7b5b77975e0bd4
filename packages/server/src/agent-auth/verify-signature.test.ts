import { generateKeyPair, type PublicJwk, type VerifySignature } from '@countersign/protocol'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadSodium, verifyWithNode, verifyWithSodium } from './verify-signature.ts'

const data = new TextEncoder().encode('header.payload')
let key: PublicJwk
let other: PublicJwk
let signature: Uint8Array<ArrayBuffer>

beforeAll(async () => {
  const pair = await generateKeyPair()
  key = pair.publicJwk
  other = (await generateKeyPair()).publicJwk
  signature = new Uint8Array(await crypto.subtle.sign('Ed25519', pair.privateKey, data))
})

const sodium = loadSodium()
const implementations: [string, () => VerifySignature][] = [
  ['node:crypto', verifyWithNode],
  ...(sodium
    ? [['libsodium', () => verifyWithSodium(sodium)] as [string, () => VerifySignature]]
    : []),
]

it('finds libsodium here, so that both are tested', () => {
  expect(implementations).toHaveLength(2)
})

describe.each(implementations)('%s', (_name, create) => {
  const verify = create()

  it('accepts what the key signed, the first time and again', async () => {
    expect(await verify(key, signature, data)).toBe(true)
    expect(await verify(key, signature, data)).toBe(true)
  })

  it('refuses another key, another message, every changed byte and every other length', async () => {
    expect(await verify(other, signature, data)).toBe(false)
    expect(await verify(key, signature, data.slice(1))).toBe(false)
    for (let index = 0; index < signature.length; index += 1) {
      const changed = signature.slice()
      changed[index] = (changed[index] ?? 0) ^ 1
      expect(await verify(key, changed, data)).toBe(false)
    }
    expect(await verify(key, signature.slice(1), data)).toBe(false)
    expect(await verify(key, new Uint8Array([...signature, 0]), data)).toBe(false)
    expect(await verify(key, new Uint8Array(), data)).toBe(false)
  })
})
