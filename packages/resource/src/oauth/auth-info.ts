import type { AccessToken } from './access-token.ts'

/** What the MCP SDKs hand to tools as `authInfo`. */
export interface McpAuthInfo {
  token: string
  clientId: string
  scopes: string[]
  /** Seconds since 1970. */
  expiresAt: number
  extra: { accessToken: AccessToken }
}

/**
 * The `authInfo` of the MCP SDKs for a request that was let in.
 *
 * `token` is empty: it is good at this server alone, and a tool must not pass it on.
 */
export function authInfoOf(accessToken: AccessToken): McpAuthInfo {
  const { clientId, scopes, expiresAt } = accessToken
  return { token: '', clientId, scopes: [...scopes], expiresAt, extra: { accessToken } }
}

/** Whom a tool works for. Throws a `TypeError` where no guard let the request in. */
export function accessTokenOf(
  authInfo: { readonly extra?: Readonly<Record<string, unknown>> | undefined } | undefined,
): AccessToken {
  const accessToken = authInfo?.extra?.['accessToken']
  if (accessToken !== undefined) return accessToken as AccessToken
  throw new TypeError('accessTokenOf: pass the `authInfo` that `authInfoOf` made')
}
