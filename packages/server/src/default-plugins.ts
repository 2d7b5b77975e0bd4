import { passkey } from '@better-auth/passkey'
import type { ApiKeyParts } from './api-keys/access.ts'
import { apiKeyParts, apiKeyPlugin } from './api-keys/api-key-plugin.ts'
import type { OwnDatabase } from './lookup/own-database.ts'
import type { ResolvedAuthOptions } from './options.ts'
import {
  organizationParts,
  type OrganizationParts,
  organizationPlugin,
} from './organizations/organization-plugin.ts'
import { peoplePlugin } from './people/people-plugin.ts'
import { secondFactor } from './second-factor/second-factor.ts'
import { jwtPlugin } from './signing-keys/jwt-plugin.ts'
import { SigningKeys } from './signing-keys/signing-keys.ts'
import { Tokens } from './signing-keys/tokens.ts'

/** What the default plugins share with the front door. */
export interface DefaultParts {
  readonly keys: SigningKeys
  readonly tokens: Tokens
  readonly organizations: OrganizationParts
  readonly apiKeys: ApiKeyParts
}

/** Builds what the default plugins share with the front door, on our own database if it is one. */
export function defaultParts(
  { apiKeys, baseURL, organizations: organizationOptions, tokens }: ResolvedAuthOptions,
  own: OwnDatabase | null,
): DefaultParts {
  const keys = new SigningKeys(tokens, own)
  const organizations = organizationParts(organizationOptions, own)
  return {
    keys,
    tokens: new Tokens(keys, baseURL),
    organizations,
    apiKeys: apiKeyParts(apiKeys, organizations, own),
  }
}

/** The plugins every instance has unless it sets `skipDefaultPlugins`. */
export function defaultPlugins(
  options: ResolvedAuthOptions,
  { keys, tokens, organizations, apiKeys }: DefaultParts = defaultParts(options, null),
) {
  const { appName, baseURL } = options
  return [
    // Relying party and origin come from configuration: the plugin would else believe `Origin`.
    passkey({ rpID: new URL(baseURL).hostname, rpName: appName, origin: baseURL }),
    organizationPlugin(options.organizations, organizations),
    apiKeyPlugin(apiKeys),
    jwtPlugin(keys, tokens, baseURL),
    secondFactor(appName),
    peoplePlugin(),
  ] as const
}
