import { exportJWK, generateKeyPair as generateAny, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { readDpopProof, signDpopProof, verifyDpopProof } from './index.ts'
import { generateKeyPair, jwkThumbprint } from './jwk.ts'

/** The request of RFC 9449 section 7.1, as it stands there. */
const rfc = {
  proof:
    'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA',
  method: 'GET',
  url: 'https://resource.example.org/protectedresource',
  token: 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU',
  thumbprint: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I',
  now: 1_562_262_618,
}

describe('DPoP proofs', () => {
  it('verifies the example of RFC 9449', async () => {
    const verified = await verifyDpopProof(readDpopProof(rfc.proof), rfc)
    expect(verified).toMatchObject({ proofId: 'e1j3V_bKic8-LAEB', goodUntil: rfc.now + 90 })
  })

  it.each<[string, Partial<typeof rfc>]>([
    ['another method', { method: 'POST' }],
    ['another URL', { url: `${rfc.url}/` }],
    ['another token', { token: `${rfc.token}.` }],
    ['another key', { thumbprint: `1${rfc.thumbprint.slice(1)}` }],
    ['the moment it is too old', { now: rfc.now + 90 }],
    ['a clock that is far behind', { now: rfc.now - 31 }],
    ['a clock that is no number', { now: Number.NaN }],
  ])('refuses it for %s', async (_title, change) => {
    const proof = readDpopProof(rfc.proof)
    await expect(verifyDpopProof(proof, { ...rfc, ...change })).rejects.toMatchObject({
      code: 'invalid_dpop_proof',
    })
  })

  it('refuses it once a bit of it has changed', async () => {
    const [header = '', payload = '', signature = ''] = rfc.proof.split('.')
    const changed = `${header}.${payload}.A${signature.slice(1)}`
    await expect(verifyDpopProof(readDpopProof(changed), rfc)).rejects.toMatchObject({
      message: 'The signature of the DPoP proof is invalid.',
    })
  })

  it('signs what it verifies, without query and fragment', async () => {
    const { publicJwk, privateKey } = await generateKeyPair()
    const now = 1_700_000_000
    const request = { method: 'POST', url: 'https://a.example/b', token: 'a.b.c' }
    const url = `${request.url}?c=1#d`
    const signed = await signDpopProof({ ...request, url, publicJwk, privateKey, now, nonce: 'n' })
    const proof = readDpopProof(signed)
    expect(proof).toMatchObject({ url: request.url, nonce: 'n' })
    const thumbprint = await jwkThumbprint(publicJwk)
    await verifyDpopProof(proof, { ...request, thumbprint, now })
  })

  it.each([
    ['EdDSA', 'EdDSA', true],
    ['Ed25519', 'Ed25519', true],
    ['ES256', 'ES256', true],
    ['ES256', 'Ed25519', false],
    ['Ed25519', 'ES256', false],
  ])('takes a proof signed with %s by a key for %s: %s', async (alg, ofKey, isGood) => {
    const { publicKey } = await generateAny(ofKey, { extractable: true })
    const signer = await generateAny(alg, { extractable: true })
    const jwk = await exportJWK(alg === ofKey ? signer.publicKey : publicKey)
    const { method, url, now } = rfc
    const signed = await new SignJWT({ htm: method, htu: url, jti: 'one', iat: now })
      .setProtectedHeader({ alg, typ: 'dpop+jwt', jwk })
      .sign(signer.privateKey)
    const verify = async () => verifyDpopProof(readDpopProof(signed), { method, url, now })
    if (isGood) await expect(verify()).resolves.toMatchObject({ proofId: 'one' })
    else await expect(verify()).rejects.toMatchObject({ code: 'invalid_dpop_proof' })
  })
})
