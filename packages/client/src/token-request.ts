import { ClientSecretBasic, ClientSecretPost, None } from 'oauth4webapi'
import { requireSetting } from './config.ts'
import { OAuthError } from './errors.ts'
import { requireEndpoint, toClient } from './provider.ts'
import type { ClientAuth } from 'oauth4webapi'
import type { TokenEndpointAuthMethod } from './config.ts'
import type { EndpointName, Provider } from './provider.ts'

/**
 * Sends a form to an endpoint that wants to know which client calls (RFC 6749 section 2.3).
 *
 * The client proves itself as configured, else as the provider announces: in the body where it accepts
 * that, else by the header. Without a secret it only names itself.
 */
export async function postAsClient(
  provider: Provider,
  endpoint: EndpointName,
  fields: Readonly<Record<string, string>>,
): Promise<Response> {
  const url = requireEndpoint(provider, endpoint)
  const body = new URLSearchParams(fields)
  const headers = new Headers({ accept: 'application/json' })
  const server = { issuer: url }
  await authentication(provider)(server, toClient(provider), body, headers)
  return provider.fetch(url, { method: 'POST', headers, body })
}

function authentication(provider: Provider): ClientAuth {
  const secret = provider.config.clientSecret
  const method = secret === undefined ? 'none' : chooseMethod(provider)
  switch (method) {
    case 'client_secret_basic':
      return ClientSecretBasic(secret ?? '')
    case 'client_secret_post':
      return ClientSecretPost(secret ?? '')
    case 'none':
      return None()
  }
}

function chooseMethod({ config, metadata }: Provider): TokenEndpointAuthMethod {
  if (config.tokenEndpointAuthMethod) return config.tokenEndpointAuthMethod
  if (!metadata) return 'client_secret_post'
  // What metadata leaves out means the header alone (RFC 8414 section 2).
  const announced = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
  if (announced.includes('client_secret_post')) return 'client_secret_post'
  if (announced.includes('client_secret_basic')) return 'client_secret_basic'
  throw new OAuthError('unsupported', {
    message: 'The provider wants a client authentication other than a secret',
  })
}

/** The secret must be there unless the client is declared public; see `tokenEndpointAuthMethod`. */
export function requireSecretUnlessPublic(provider: Provider): void {
  if (provider.config.tokenEndpointAuthMethod !== 'none') {
    requireSetting(provider.config, 'clientSecret')
  }
}
