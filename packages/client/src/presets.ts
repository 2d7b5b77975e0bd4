import { isObject } from './http.ts'
import type { OAuthFlowConfig } from './config.ts'
import type { OAuthUserInfo } from './types.ts'

/** Google accounts. For a refresh token add `parameters: { access_type: 'offline', prompt: 'consent' }`. */
export function google(overrides: OAuthFlowConfig = {}): OAuthFlowConfig {
  return { issuer: 'https://accounts.google.com', endSessionUrl: null, ...overrides }
}

/**
 * GitHub accounts, which are OAuth without OpenID Connect: no ID token, no revocation endpoint, and a
 * user format of its own. The e-mail address is the public one, else the verified primary one.
 */
export function github(overrides: OAuthFlowConfig = {}): OAuthFlowConfig {
  return {
    issuer: 'https://github.com/login/oauth',
    discovery: false,
    authorizeUrl: 'https://github.com/login/oauth/authorize',
    tokenUrl: 'https://github.com/login/oauth/access_token',
    userinfoUrl: 'https://api.github.com/user',
    revokeUrl: null,
    endSessionUrl: null,
    scopes: 'read:user user:email',
    mapUserInfo: mapGithubUser,
    ...overrides,
  }
}

/** Which Microsoft accounts may sign in. */
export interface MicrosoftOptions extends OAuthFlowConfig {
  /**
   * A tenant's id; `organizations` for every work account; `consumers` for personal ones.
   *
   * @default 'common', every Microsoft account
   */
  tenant?: string
}

/**
 * Microsoft Entra ID and Microsoft accounts. Key people by `sub`: the e-mail address is whatever a
 * tenant's administrator wrote there.
 */
export function microsoft({
  tenant = 'common',
  ...overrides
}: MicrosoftOptions = {}): OAuthFlowConfig {
  const base = 'https://login.microsoftonline.com'
  const config = { revokeUrl: null, ...overrides }
  if (tenant === 'common' || tenant === 'organizations') {
    const issuerTemplate = `${base}/{tenantid}/v2.0`
    return { issuer: `${base}/${tenant}/v2.0`, issuerTemplate, ...config }
  }
  const id = tenant === 'consumers' ? '9188040d-6c67-4c5b-b112-36a304b66dad' : tenant
  if (!/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id)) {
    throw new TypeError(
      'microsoft: `tenant` must be a tenant id, common, organizations or consumers',
    )
  }
  return { issuer: `${base}/${id}/v2.0`, ...config }
}

/** Where an Okta organization is. */
export interface OktaOptions extends OAuthFlowConfig {
  /** The organization's host name, such as `dev-123.okta.com`. */
  domain: string
  /**
   * A custom authorization server, or null for the organization's own.
   *
   * @default 'default'
   */
  authorizationServer?: string | null
}

/** Okta. */
export function okta(options: OktaOptions): OAuthFlowConfig {
  const { domain, authorizationServer = 'default', ...overrides } = options
  const path =
    authorizationServer === null ? '' : `/oauth2/${encodeURIComponent(authorizationServer)}`
  return {
    issuer: `https://${requireHost('okta', domain)}${path}`,
    tokenEndpointAuthMethod: 'client_secret_basic',
    ...overrides,
  }
}

/** Where an Auth0 tenant is. */
export interface Auth0Options extends OAuthFlowConfig {
  /** The tenant's host name, such as `example.eu.auth0.com`. */
  domain: string
}

/** Auth0. */
export function auth0({ domain, ...overrides }: Auth0Options): OAuthFlowConfig {
  return { issuer: `https://${requireHost('auth0', domain)}/`, ...overrides }
}

/** Where a Keycloak realm is. */
export interface KeycloakOptions extends OAuthFlowConfig {
  /** The server's address, with its path where it has one. */
  baseURL: string
  realm: string
}

/** A realm of a Keycloak server. */
export function keycloak({ baseURL, realm, ...overrides }: KeycloakOptions): OAuthFlowConfig {
  if (!URL.canParse(baseURL)) throw new TypeError('keycloak: `baseURL` must be an absolute address')
  const issuer = `${baseURL.replace(/\/+$/, '')}/realms/${encodeURIComponent(realm)}`
  return { issuer, ...overrides }
}

function requireHost(preset: string, domain: string): string {
  if (/^[a-z\d-]+(\.[a-z\d-]+)+$/i.test(domain)) return domain
  throw new TypeError(`${preset}: \`domain\` must be a host name without https:// and path`)
}

async function mapGithubUser(
  user: Readonly<Record<string, unknown>>,
  get: (url: string) => Promise<unknown>,
): Promise<OAuthUserInfo> {
  const { id, login, name, email, avatar_url: picture } = user
  const address = typeof email === 'string' && email !== '' ? email : await primaryEmail(get)
  return {
    ...user,
    // A login name can be given up and taken by somebody else; the number cannot.
    sub: typeof id === 'number' ? String(id) : '',
    name: typeof name === 'string' && name !== '' ? name : String(login),
    email: address,
    email_verified: address !== null,
    ...(typeof picture === 'string' ? { picture } : {}),
  }
}

async function primaryEmail(get: (url: string) => Promise<unknown>): Promise<string | null> {
  // Without the `user:email` scope there is no list, and the person has no address here.
  const list = await get('https://api.github.com/user/emails').catch(() => undefined)
  if (!Array.isArray(list)) return null
  const primary = list.filter(isObject).find((entry) => entry['primary'] === true)
  const verified = primary?.['verified'] === true && typeof primary['email'] === 'string'
  return verified ? String(primary['email']) : null
}
