import type { NewClient } from '../store/clients.ts'

/** The `client_id` of the command line, which every server knows. */
export const CLI_CLIENT_ID = 'countersign-cli'

const scopes = ['openid', 'profile', 'email', 'offline_access', 'oidc:admin']

/** The applications that are part of this server, stored when somebody first needs one. */
export const builtInClients: ReadonlyMap<string, NewClient> = new Map([
  [
    CLI_CLIENT_ID,
    {
      clientId: CLI_CLIENT_ID,
      registration: 'manual',
      name: 'Countersign command line',
      tokenEndpointAuthMethod: 'none',
      applicationType: 'native',
      redirectUris: [],
      postLogoutRedirectUris: [],
      grantTypes: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
      responseTypes: [],
      scopes,
      defaultScopes: scopes,
    },
  ],
])
