import { AccountError } from './account-error.ts'
import { request, textIn } from './request.ts'

/** Where a person signs in, as the server's metadata says (OpenID Connect Discovery 1.0). */
export interface AuthorizationServer {
  readonly issuer: string
  readonly deviceAuthorization: string
  readonly token: string
  readonly revocation: string
  readonly userInfo: string
}

/**
 * Reads the metadata of a server. Throws `AccountError`.
 *
 * It must speak for the origin that was asked (OpenID Connect Discovery 1.0 section 4.3), and every endpoint must stand
 * there: codes and tokens are sent to nobody else.
 */
export async function discoverServer(
  origin: string,
  signal: AbortSignal,
): Promise<AuthorizationServer> {
  const url = `${origin}/.well-known/openid-configuration`
  const metadata = await request({ url, signal }).catch((error: unknown) => {
    if (!(error instanceof AccountError) || error.kind !== 'not_found') throw error
    throw misconfigured(origin, 'is no identity provider')
  })
  if (metadata['issuer'] !== origin) throw misconfigured(origin, 'speaks for another address')
  const endpoint = (name: string): string => {
    const value = textIn(metadata, name)
    if (value && URL.canParse(value) && new URL(value).origin === origin) return value
    throw misconfigured(origin, `names no ${name} of its own`)
  }
  return {
    issuer: origin,
    deviceAuthorization: endpoint('device_authorization_endpoint'),
    token: endpoint('token_endpoint'),
    revocation: endpoint('revocation_endpoint'),
    userInfo: endpoint('userinfo_endpoint'),
  }
}

function misconfigured(origin: string, problem: string): AccountError {
  return new AccountError('network', `${origin} ${problem}. Look at: countersign doctor ${origin}`)
}
