import { createHmac, createPublicKey, verify } from 'node:crypto'
import { jwtVerify, SignJWT } from 'jose'
import { describe, expect, it, vi } from 'vitest'
import { forge, now, part } from '../test/forge.ts'
import { readAgentJwt, verifyAgentJwt } from './agent-jwt.ts'
import { signAgentJwt } from './sign-agent-jwt.ts'
import { readHostJwt } from './host-jwt.ts'
import { ProtocolError } from './errors.ts'
import type { VerifySignature } from './verify-signature.ts'
import { generateKeyPair, jwkThumbprint } from './jwk.ts'

const audience = 'https://id.example.com'
const host = await generateKeyPair()
const agent = await generateKeyPair()
const issuer = await jwkThumbprint(host.publicJwk)
const header = { alg: 'EdDSA', typ: 'agent+jwt' }
const claims = { iss: issuer, sub: 'agt_1', aud: audience, iat: now, exp: now + 60, jti: 'j-1' }

const options = { key: agent.publicJwk, audience, now }
const good = await signAgentJwt({
  issuer,
  agentId: 'agt_1',
  audience,
  privateKey: agent.privateKey,
  now,
})

async function accept(jwt: string, overrides: Partial<Parameters<typeof verifyAgentJwt>[1]> = {}) {
  return verifyAgentJwt(readAgentJwt(jwt), { ...options, ...overrides })
}

/** `accepted`, or the code of the refusal. */
async function outcome(...input: Parameters<typeof accept>): Promise<string> {
  try {
    await accept(...input)
    return 'accepted'
  } catch (error) {
    return error instanceof ProtocolError ? error.code : `unexpected ${String(error)}`
  }
}

/** `null` removes a claim. */
function forged(change: Record<string, unknown>, headerChange: Record<string, unknown> = {}) {
  const clean = (value: object) =>
    Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null))
  return forge(
    agent.privateKey,
    clean({ ...header, ...headerChange }),
    clean({ ...claims, ...change }),
  )
}

describe('an agent JWT', () => {
  it('is verified when signAgentJwt signed it', async () => {
    expect(await accept(good)).toMatchObject({
      issuer,
      agentId: 'agt_1',
      audience,
      issuedAt: now,
      expiresAt: now + 60,
      jwtId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      goodUntil: now + 90,
    })
  })

  it('is understood by jose, and one of jose by us', async () => {
    const verified = await jwtVerify(good, agent.publicJwk, {
      audience,
      issuer,
      currentDate: new Date(now * 1000),
    })
    expect(verified.payload.sub).toBe('agt_1')

    const theirs = await new SignJWT(claims).setProtectedHeader(header).sign(agent.privateKey)
    expect((await accept(theirs)).agentId).toBe('agt_1')
  })

  it('carries the capabilities it is limited to, the empty list too', async () => {
    const sign = (capabilities?: string[]) =>
      signAgentJwt({
        issuer,
        agentId: 'agt_1',
        audience,
        privateKey: agent.privateKey,
        capabilities,
      })
    expect(readAgentJwt(await sign(['a', 'b'])).capabilities).toEqual(['a', 'b'])
    expect(readAgentJwt(await sign([])).capabilities).toEqual([])
    expect(readAgentJwt(await sign())).not.toHaveProperty('capabilities')
  })

  it('has another jti every time', async () => {
    const again = await signAgentJwt({
      ...readAgentJwt(good),
      issuer,
      privateKey: agent.privateKey,
    })
    expect(readAgentJwt(again).jwtId).not.toBe(readAgentJwt(good).jwtId)
  })

  it('asks the signature check it is given', async () => {
    const verifySignature = vi.fn<VerifySignature>((jwk, signature, data) =>
      verify(null, data, createPublicKey({ key: { ...jwk }, format: 'jwk' }), signature),
    )
    await accept(good, { verifySignature })
    expect(verifySignature).toHaveBeenCalledOnce()
    expect(await outcome(good, { verifySignature: () => false })).toBe('invalid_jwt')
  })

  it.each([
    ['AA36 refuses a JWT without iss', { iss: null }],
    ['AA36 refuses an iss that is not text', { iss: 5 }],
    ['AA36 refuses an empty iss', { iss: '' }],
    ['AA37 refuses a JWT without exp', { exp: null }],
    ['AA37 refuses an exp that is not a number', { exp: String(now + 60) }],
    ['AA38 refuses a JWT without jti', { jti: null }],
    ['AA38 refuses an empty jti', { jti: '' }],
    ['AA38 refuses a jti of 257 characters', { jti: 'j'.repeat(257) }],
    ['AA39 refuses a JWT without aud', { aud: null }],
    ['AA44 refuses another audience', { aud: 'https://evil.example' }],
    ['AA44 refuses an audience that only starts right', { aud: `${audience}.evil.example` }],
    ['AA44 refuses an audience with a slash more', { aud: `${audience}/` }],
    [
      'AA45 refuses several audiences, the right one among them',
      { aud: ['https://evil', audience] },
    ],
    ['AA45 refuses a list of the one right audience', { aud: [audience] }],
    ['refuses a JWT without sub', { sub: null }],
    ['refuses a JWT without iat', { iat: null }],
    ['refuses a negative iat', { iat: -1 }],
    ['refuses capabilities that are not a list', { capabilities: 'a' }],
    ['refuses a list of capabilities that are not text', { capabilities: ['a', 1] }],
  ])('%s', async (_title, change) => {
    expect(await outcome(await forged(change))).toBe('invalid_jwt')
  })

  it('AA36 accepts a JWT without iss only where that is allowed', async () => {
    const jwt = await forged({ iss: null })
    expect(readAgentJwt(jwt, { allowMissingIssuer: true }).issuer).toBeNull()
    const wrong = await forged({ iss: 5 })
    expect(() => readAgentJwt(wrong, { allowMissingIssuer: true })).toThrow(/iss/)
  })

  it('refuses a claim that only the prototype has', async () => {
    expect(await outcome(await forge(agent.privateKey, header, { __proto__: claims }))).toBe(
      'invalid_jwt',
    )
    const { sub: _sub, ...rest } = claims
    const payload = `{"__proto__":{"sub":"agt_1"},${JSON.stringify(rest).slice(1)}`
    expect(await outcome(await forge(agent.privateKey, header, payload))).toBe('invalid_jwt')
  })

  it.each([
    ['AA40 accepts an iat 10 s ahead', { iat: now + 10, exp: now + 70 }, true],
    ['AA40 accepts an iat 30 s ahead', { iat: now + 30, exp: now + 90 }, true],
    ['AA40 refuses an iat 31 s ahead', { iat: now + 31, exp: now + 91 }, false],
    ['AA40 accepts a JWT expired for 5 s', { iat: now - 65, exp: now - 5 }, true],
    ['AA40 accepts a JWT expired for 29 s', { iat: now - 89, exp: now - 29 }, true],
    ['AA40 refuses a JWT expired for 30 s', { iat: now - 90, exp: now - 30 }, false],
    ['AA40 refuses a JWT expired for 40 s', { iat: now - 100, exp: now - 40 }, false],
    ['AA40 refuses an old JWT with a far exp', { iat: now - 91, exp: now + 3600 }, false],
    ['AA40 refuses a JWT that was never good', { iat: now, exp: now - 3600 }, false],
  ])('%s', async (_title, times, accepted) => {
    const jwt = await forged(times)
    expect(await outcome(jwt)).toBe(accepted ? 'accepted' : 'invalid_jwt')
  })

  it('AA40 limits how long a jti must be remembered, whatever exp says', async () => {
    const hour = await forged({ exp: now + 3600 })
    expect((await accept(hour)).goodUntil).toBe(now + 90)
    expect((await accept(hour, { maxAge: 10, clockSkew: 5 })).goodUntil).toBe(now + 15)
    const short = await forged({ exp: now + 20 })
    expect((await accept(short)).goodUntil).toBe(now + 50)
    expect(await outcome(hour, { now: now + 90 })).toBe('invalid_jwt')
  })

  it('refuses when the clock is not a number', async () => {
    expect(await outcome(good, { now: Number.NaN })).toBe('invalid_jwt')
  })

  it('refuses another key', async () => {
    expect(await outcome(good, { key: host.publicJwk })).toBe('invalid_jwt')
  })

  it('refuses a stored key that cannot be imported, again and again', async () => {
    const key = { ...agent.publicJwk, x: 'AA' }
    expect(await outcome(good, { key })).toBe('invalid_jwt')
    expect(await outcome(good, { key })).toBe('invalid_jwt')
  })

  it('refuses a key that is not on the curve as a bad signature, again and again', async () => {
    const key = { ...agent.publicJwk, x: 'AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }
    expect(await outcome(good, { key })).toBe('invalid_jwt')
    expect(await outcome(good, { key })).toBe('invalid_jwt')
  })

  it.each([
    ['AA47 refuses typ host+jwt where an agent is expected', 'host+jwt'],
    ['AA47 refuses typ JWT', 'JWT'],
    ['AA47 refuses a missing typ', null],
    ['AA47 refuses typ in other letters', 'Agent+JWT'],
    ['AA47 refuses typ with a media type in front', 'application/agent+jwt'],
    ['AA47 refuses a typ that is a list', ['agent+jwt']],
  ])('%s', async (_title, typ) => {
    expect(await outcome(await forged({}, { typ }))).toBe('invalid_jwt')
  })

  it('AA47 refuses an agent JWT where a host is expected', () => {
    expect(() => readHostJwt(good)).toThrow(expect.objectContaining({ code: 'invalid_jwt' }))
  })
})

describe('CVE-2026-22817 / CVE-2026-22818 algorithm confusion (past vulnerability 46)', () => {
  const publicBytes = agent.publicJwk.x
  const hmac = (head: object) => {
    const data = `${part(head)}.${part(claims)}`
    return `${data}.${createHmac('sha256', publicBytes).update(data).digest('base64url')}`
  }

  it('refuses HS256 signed with the public key', async () => {
    expect(await outcome(hmac({ ...header, alg: 'HS256' }))).toBe('invalid_jwt')
  })

  it('refuses HS512 with a signature as long as ours', async () => {
    const data = `${part({ ...header, alg: 'HS512' })}.${part(claims)}`
    expect(
      await outcome(
        `${data}.${createHmac('sha512', publicBytes).update(data).digest('base64url')}`,
      ),
    ).toBe('invalid_jwt')
  })

  it.each(['none', 'None', 'nOnE', 'HS256', 'RS256', 'ES256', 'Ed25519', 'eddsa', 'EdDSA ', ''])(
    'refuses alg "%s", even with a good signature',
    async (alg) => {
      expect(await outcome(await forged({}, { alg }))).toBe('invalid_jwt')
    },
  )

  it.each([null, 5, true, ['EdDSA'], { alg: 'EdDSA' }])('refuses alg %j', async (alg) => {
    expect(await outcome(await forged({}, { alg }))).toBe('invalid_jwt')
  })

  it('refuses alg none without a signature', async () => {
    expect(await outcome(`${part({ ...header, alg: 'none' })}.${part(claims)}.`)).toBe(
      'invalid_jwt',
    )
    expect(await outcome(`${part({ ...header, alg: 'none' })}.${part(claims)}`)).toBe('invalid_jwt')
  })

  it('never uses a key the JWT brings: jwk, jku, x5u, x5c, kid', async () => {
    const thief = await generateKeyPair()
    const thumbprint = await jwkThumbprint(thief.publicJwk)
    const tricks = {
      jwk: thief.publicJwk,
      jku: 'https://evil.example/jwks',
      x5u: 'https://evil.example/x5u',
      x5c: ['AAAA'],
      kid: thumbprint,
    }
    expect(await outcome(await forge(thief.privateKey, { ...header, ...tricks }, claims))).toBe(
      'invalid_jwt',
    )
    expect(await outcome(await forge(agent.privateKey, { ...header, ...tricks }, claims))).toBe(
      'accepted',
    )
  })

  it('refuses crit, whatever it lists', async () => {
    expect(await outcome(await forged({}, { crit: ['exp'], exp: now }))).toBe('invalid_jwt')
    expect(await outcome(await forged({}, { crit: [] }))).toBe('invalid_jwt')
    expect(await outcome(await forged({}, { crit: ['b64'], b64: false }))).toBe('invalid_jwt')
  })
})

describe('CVE-2026-27840 truncated and altered tokens (past vulnerability 44)', () => {
  it('refuses every prefix', async () => {
    for (let length = 0; length < good.length; length++)
      expect(await outcome(good.slice(0, length))).toBe('invalid_jwt')
  })

  it('refuses every suffix', async () => {
    for (let start = 1; start < good.length; start++)
      expect(await outcome(good.slice(start))).toBe('invalid_jwt')
  })

  it('refuses every flip of one bit', async () => {
    for (let index = 0; index < good.length; index++) {
      for (let bit = 0; bit < 7; bit++) {
        const flipped = String.fromCharCode(good.charCodeAt(index) ^ (1 << bit))
        expect(await outcome(good.slice(0, index) + flipped + good.slice(index + 1))).toBe(
          'invalid_jwt',
        )
      }
    }
  })

  it('refuses anything appended or put in front', async () => {
    for (const extra of ['A', '.', '=', '==', ' ', '\n', '\0', '.AAAA']) {
      expect(await outcome(good + extra)).toBe('invalid_jwt')
      expect(await outcome(extra + good)).toBe('invalid_jwt')
    }
  })
})
