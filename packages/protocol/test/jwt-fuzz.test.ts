import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  generateKeyPair,
  jwkThumbprint,
  ProtocolError,
  readAgentJwt,
  readDpopProof,
  readHostJwt,
  signAgentJwt,
  signDpopProof,
  signHostJwt,
  verifyAgentJwt,
  verifyDpopProof,
  verifyHostJwt,
} from '@countersign/protocol'
import { decodeJwt } from '../src/jwt.ts'
import { now, part } from './forge.ts'

const audience = 'https://id.example.com'
const host = await generateKeyPair()
const agent = await generateKeyPair()
const issuer = await jwkThumbprint(host.publicJwk)
const request = { method: 'POST', url: `${audience}/execute`, token: 'a.b.c' }

/** Two good ones of each type, so that parts of one can be put into the other. */
const agentJwts = await Promise.all(
  ['agt_1', 'agt_2'].map((agentId) =>
    signAgentJwt({ issuer, agentId, audience, privateKey: agent.privateKey, now }),
  ),
)
const hostJwts = await Promise.all(
  [undefined, agent.publicJwk].map((agentPublicJwk) =>
    signHostJwt({ audience, ...host, now, ...(agentPublicJwk && { agentPublicJwk }) }),
  ),
)
const proofs = await Promise.all(
  [undefined, 'n-1'].map((nonce) => signDpopProof({ ...request, ...agent, now, nonce })),
)
const good = new Set([...agentJwts, ...hostJwts, ...proofs])

const thumbprint = await jwkThumbprint(agent.publicJwk)
const readers: Readonly<Record<string, (jwt: string) => unknown>> = {
  'an agent JWT': (jwt) => readAgentJwt(jwt),
  'an agent JWT that may miss `iss`': (jwt) => readAgentJwt(jwt, { allowMissingIssuer: true }),
  'a host JWT': readHostJwt,
  'a DPoP proof': readDpopProof,
  'any JWT': (jwt) => decodeJwt(jwt),
}
const verifiers: Readonly<Record<string, (jwt: string) => Promise<unknown>>> = {
  'an agent JWT': (jwt) =>
    verifyAgentJwt(readAgentJwt(jwt), { key: agent.publicJwk, audience, now }),
  'a host JWT': (jwt) => verifyHostJwt(readHostJwt(jwt), { key: host.publicJwk, audience, now }),
  'a DPoP proof': (jwt) => verifyDpopProof(readDpopProof(jwt), { ...request, thumbprint, now }),
}

/** What an error is, or `unexpected`: only those of the table may leave the protocol package. */
function codeOf(error: unknown): string {
  return error instanceof ProtocolError ? error.code : `unexpected ${String(error)}`
}
const refusals = ['invalid_jwt', 'invalid_dpop_proof', 'invalid_request', 'unsupported_algorithm']

const names = fc.constantFrom(
  'iss',
  'sub',
  'aud',
  'iat',
  'exp',
  'jti',
  'capabilities',
  'cnf',
  'jkt',
  'kid',
  'typ',
  'alg',
  'crit',
  'jwk',
  'htm',
  'htu',
  'ath',
  'nonce',
  'host_public_key',
  'agent_public_key',
  'host_jwks_url',
  'agent_jwks_url',
  'agent_kid',
  '__proto__',
  'constructor',
  'toString',
)
const content = fc.oneof(
  { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  {
    weight: 4,
    arbitrary: fc.constantFrom<unknown>(
      '',
      'x',
      '\0',
      '\uD800',
      'EdDSA',
      'ES256',
      'none',
      'agent+jwt',
      'host+jwt',
      issuer,
      now,
      now + 60,
      -1,
      0,
      1e308,
      null,
      true,
      [],
      {},
      [audience],
      ['pay', 1],
      ['pay'],
      audience,
      'x'.repeat(257),
      { jkt: issuer },
      { jkt: issuer, x5t: '' },
      agent.publicJwk,
      { ...agent.publicJwk, d: 'AA' },
      { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' },
    ),
  },
)
const changes = fc.array(fc.tuple(names, content), { maxLength: 4 }).map(Object.fromEntries)

/** A JWT that is complete but for what was changed in it. Its signature is worth nothing. */
const claimed = fc
  .tuple(fc.constantFrom('agent+jwt', 'host+jwt', 'dpop+jwt'), changes, changes)
  .map(([typ, header, payload]) => {
    const proof = typ === 'dpop+jwt' && { jwk: agent.publicJwk }
    const claims = { iss: issuer, sub: 'agt_1', aud: audience, iat: now, exp: now + 60, jti: 'j' }
    const binding = typ === 'dpop+jwt' && { htm: 'POST', htu: request.url, ath: issuer }
    const parts = [
      { alg: 'EdDSA', typ, ...proof, ...header },
      { ...claims, ...binding, ...payload },
    ]
    return `${parts.map((one) => part(one)).join('.')}.${'A'.repeat(86)}`
  })

/** Texts that were a JWT, before something happened to them on the way. */
const mutated = fc
  .tuple(
    fc.constantFrom(...good),
    fc.constantFrom(...good),
    fc.nat(),
    fc.nat(),
    fc.constantFrom('A', 'z', '_', '.', '=', '+', '/', ' ', '\n', '\0', 'é', '\u0430', '%2e', ''),
    fc.constantFrom('replace', 'insert', 'cut', 'repeat', 'flip', 'splice', 'part', 'swap', 'case'),
  )
  .map(([jwt, other, first, second, text, how]) => {
    const at = first % (jwt.length + 1)
    const end = at + (second % 5)
    const parts = jwt.split('.')
    const index = second % 3
    switch (how) {
      case 'replace':
        return jwt.slice(0, at) + text + jwt.slice(at + 1)
      case 'insert':
        return jwt.slice(0, at) + text + jwt.slice(at)
      case 'cut':
        return jwt.slice(0, at) + jwt.slice(end)
      case 'repeat':
        return jwt.slice(0, end) + jwt.slice(at)
      case 'flip':
        return jwt.slice(0, at) + flip(jwt.charAt(at), second) + jwt.slice(at + 1)
      case 'splice':
        return jwt.slice(0, at) + other.slice(at)
      case 'part':
        return parts.with(index, other.split('.')[index] ?? '').join('.')
      case 'swap':
        return parts.with(index, parts[(index + 1) % 3] ?? '').join('.')
      case 'case':
        return jwt.slice(0, at) + swapCase(jwt.charAt(at)) + jwt.slice(at + 1)
    }
  })

const flip = (character: string, bit: number) =>
  character && String.fromCharCode(character.charCodeAt(0) ^ (1 << (bit % 7)))
const swapCase = (character: string) =>
  character === character.toLowerCase() ? character.toUpperCase() : character.toLowerCase()

const texts = fc.oneof(
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 80 }) },
  {
    weight: 1,
    arbitrary: fc.array(fc.base64String(), { maxLength: 5 }).map((all) => all.join('.')),
  },
  { weight: 4, arbitrary: claimed },
  { weight: 4, arbitrary: mutated },
)

describe('whatever text stands where a JWT should', () => {
  it.each(Object.entries(readers))('%s is read or refused, and nothing else', (_type, read) => {
    let readable = 0
    fc.assert(
      fc.property(texts, (jwt) => {
        try {
          read(jwt)
          readable++
        } catch (error) {
          expect(refusals).toContain(codeOf(error))
        }
      }),
      { numRuns: 10_000 },
    )
    expect(readable).toBeGreaterThan(200)
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a number', 5],
    ['a list', ['a.b.c']],
    ['an object that reads as one', { toString: () => agentJwts[0], length: 10, split: () => [] }],
  ])('%s is refused', (_title, value) => {
    for (const read of Object.values(readers)) {
      expect(() => read(value as string)).toThrow(ProtocolError)
    }
  })
})

describe('what was read is what was sent', () => {
  const claimsOf = (jwt: string): Record<string, unknown> =>
    JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString())

  it('an agent JWT claims nothing that its payload does not', () => {
    let readable = 0
    fc.assert(
      fc.property(claimed, (jwt) => {
        const claims = attempt(() => readAgentJwt(jwt))
        if (!claims) return
        readable++
        const sent = claimsOf(jwt)
        expect(claims).toMatchObject({
          issuer: sent['iss'],
          agentId: sent['sub'],
          audience: sent['aud'],
          issuedAt: sent['iat'],
          expiresAt: sent['exp'],
          jwtId: sent['jti'],
        })
        // A restriction is never lost: it is read as it is, or the JWT is refused.
        expect(claims.capabilities).toEqual(sent['capabilities'])
        expect(claims.boundTo).toEqual((sent['cnf'] as { jkt: string } | undefined)?.jkt)
        for (const text of [claims.issuer, claims.agentId, claims.audience, claims.jwtId]) {
          expect(typeof text === 'string' && text.length > 0).toBe(true)
        }
      }),
      { numRuns: 10_000 },
    )
    expect(readable).toBeGreaterThan(200)
  })

  it('a host JWT claims nothing that its payload does not', () => {
    let readable = 0
    fc.assert(
      fc.property(claimed, (jwt) => {
        const claims = attempt(() => readHostJwt(jwt))
        if (!claims) return
        readable++
        const sent = claimsOf(jwt)
        expect(claims).toMatchObject({ issuer: sent['iss'], audience: sent['aud'] })
        expect(claims.hostPublicKey).toEqual(sent['host_public_key'])
        expect(claims.agentPublicKey).toEqual(sent['agent_public_key'])
        expect(claims.hostJwksUrl).toEqual(sent['host_jwks_url'])
        expect(claims.agentJwksUrl).toEqual(sent['agent_jwks_url'])
        expect(claims.agentKid).toEqual(sent['agent_kid'])
      }),
      { numRuns: 10_000 },
    )
    expect(readable).toBeGreaterThan(200)
  })
})

describe('whatever happened to a JWT that was good', () => {
  it.each(Object.entries(verifiers))(
    '%s is accepted as it was signed, or not',
    async (_, verify) => {
      const accepted = new Set<string>()
      await fc.assert(
        fc.asyncProperty(mutated, async (jwt) => {
          try {
            await verify(jwt)
            accepted.add(jwt)
          } catch (error) {
            expect(refusals).toContain(codeOf(error))
          }
        }),
        { numRuns: 10_000 },
      )
      // Only what two of the same type share, or an empty change, leaves one as it was.
      expect([...accepted].filter((jwt) => !good.has(jwt))).toEqual([])
      expect(accepted.size).toBe(2)
    },
  )
})

/** What a reader returns, or nothing when it refuses. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    expect(refusals).toContain(codeOf(error))
    return undefined
  }
}
