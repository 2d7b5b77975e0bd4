import { apiKey } from '@better-auth/api-key'
import { passkey } from '@better-auth/passkey'
import { jwt } from 'better-auth/plugins/jwt'
import { organization } from 'better-auth/plugins/organization'
import { apiKeyHeader } from './authenticate/credential.ts'
import type { ResolvedAuthOptions } from './options.ts'

const minute = 60_000

/** The plugins every instance has unless it sets `skipDefaultPlugins`. */
export function defaultPlugins({ appName, baseURL }: ResolvedAuthOptions) {
  return [
    // Relying party and origin come from configuration: the plugin would else believe `Origin`.
    passkey({ rpID: new URL(baseURL).hostname, rpName: appName, origin: baseURL }),
    organization({ teams: { enabled: true } }),
    apiKey({
      apiKeyHeaders: apiKeyHeader,
      enableSessionForAPIKeys: false,
      rateLimit: { enabled: true, timeWindow: minute, maxRequests: 1000 },
    }),
    jwt({
      jwks: { keyPairConfig: { alg: 'EdDSA', crv: 'Ed25519' } },
      jwt: { issuer: baseURL, audience: baseURL, expirationTime: '15m' },
      disableSettingJwtHeader: true,
    }),
  ] as const
}
