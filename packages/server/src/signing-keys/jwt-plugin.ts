import type { BetterAuthPlugin } from '@better-auth/core'
import { createAuthEndpoint } from '@better-auth/core/api'
import { sessionMiddleware } from 'better-auth/api'
import { jwt } from 'better-auth/plugins/jwt'
import type { Jwk } from 'better-auth/plugins/jwt'
import * as z from 'zod'
import type { SigningKeys } from './signing-keys.ts'
import type { StoredKey } from './stored-key.ts'
import type { Tokens } from './tokens.ts'

/** Where the keys stand at the origin; the same as under the base path at `/jwks`. */
const jwksPath = '/.well-known/jwks.json'

/** Anybody may read public keys. Half of the time that a new one is published before it signs. */
const publicHeaders = {
  'cache-control': 'public, max-age=300',
  'access-control-allow-origin': '*',
}

/**
 * Better Auth's JWT plugin on keys that are made once, rotate with grace and are kept encrypted.
 *
 * A token is made only when `GET /token` asks for one.
 */
export function jwtPlugin(keys: SigningKeys, tokens: Tokens, issuer: string) {
  const plugin = jwt({
    jwks: { keyPairConfig: { alg: 'EdDSA', crv: 'Ed25519' } },
    jwt: { issuer, audience: issuer, expirationTime: `${keys.options.lifetime}s` },
    disableSettingJwtHeader: true,
    adapter: {
      getJwks: async () => (await keys.usable()).map(asJwk),
      createJwk: async (made) => {
        const { alg = 'EdDSA', crv = null } = made
        if (alg === 'EdDSA') return asJwk(await keys.ensure(alg))
        const { publicKey, privateKey } = made
        const make = async (signsFrom: number) => ({
          id: crypto.randomUUID(),
          publicKey,
          privateKey,
          createdAt: new Date(signsFrom),
          alg,
          crv,
        })
        return asJwk(await keys.ensure(alg, make))
      },
    },
  })
  const endpoints = {
    getJwks: createAuthEndpoint('/jwks', { method: 'GET' }, async (ctx) => {
      for (const [name, value] of Object.entries(publicHeaders)) ctx.setHeader(name, value)
      return ctx.json({ keys: await keys.published() })
    }),
    getToken: createAuthEndpoint(
      '/token',
      { method: 'GET', requireHeaders: true, use: [sessionMiddleware] },
      async (ctx) => {
        ctx.setHeader('cache-control', 'no-store')
        return ctx.json({ token: await tokens.make(ctx.context.session) })
      },
    ),
    rotateSigningKey: createAuthEndpoint.serverOnly(
      { method: 'POST', body: z.object({ revoke: z.boolean().optional() }).optional() },
      async (ctx) => ctx.json({ kid: await keys.rotate(ctx.body) }),
    ),
  }
  return {
    ...plugin,
    endpoints: { ...plugin.endpoints, ...endpoints },
    init(context) {
      keys.start(context)
    },
    async onRequest({ url, method }) {
      if (!url.includes(jwksPath) || !['GET', 'HEAD'].includes(method)) return
      if (new URL(url).pathname !== jwksPath) return
      const body = { keys: await keys.published() }
      return { response: Response.json(body, { headers: publicHeaders }) }
    },
  } satisfies BetterAuthPlugin
}

/** A key as the plugin types it: what it lacks is absent, not null. */
function asJwk({ expiresAt, alg, crv, ...key }: StoredKey): Jwk {
  return {
    ...key,
    ...(expiresAt && { expiresAt }),
    ...(alg && { alg: alg as NonNullable<Jwk['alg']> }),
    ...(crv && { crv: crv as NonNullable<Jwk['crv']> }),
  }
}
