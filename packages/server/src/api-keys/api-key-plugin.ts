import type { BetterAuthPlugin } from '@better-auth/core'
import { ProtocolError } from '@countersign/protocol'
import { apiKeyHeader } from '../authenticate/credential.ts'
import { refusalResponse } from '../http-errors.ts'
import type { OwnDatabase } from '../lookup/own-database.ts'
import type { OrganizationParts } from '../organizations/organization-plugin.ts'
import type { ApiKeyParts } from './access.ts'
import { ApiKeys } from './api-keys.ts'
import { endWithPerson } from './end-with-person.ts'
import type { ResolvedApiKeyOptions } from './options.ts'
import { createApiKey } from './routes/create.ts'
import { deleteAllExpiredApiKeys, deleteApiKey } from './routes/delete.ts'
import { listApiKeyPermissions } from './routes/permissions.ts'
import { getApiKey, listApiKeys } from './routes/read.ts'
import { rotateApiKey } from './routes/rotate.ts'
import { createService, deleteService, listServices } from './routes/services.ts'
import { updateApiKey } from './routes/update.ts'
import { verifyApiKey } from './routes/verify.ts'
import { apiKeySchema } from './schema.ts'

/** Builds what plugin and front door share. */
export function apiKeyParts(
  options: ResolvedApiKeyOptions,
  organizations: OrganizationParts,
  own: OwnDatabase | null,
): ApiKeyParts {
  return {
    options,
    organizations,
    keys: new ApiKeys(own),
    hasTriggers: own !== null,
  }
}

/** API keys of people, organizations and services: their tables and their endpoints. */
export function apiKeyPlugin(parts: ApiKeyParts) {
  return {
    id: 'api-key',
    schema: apiKeySchema,
    init(context) {
      parts.keys.start(context)
      return parts.hasTriggers ? {} : { options: { databaseHooks: endWithPerson(context) } }
    },
    async onRequest({ headers }) {
      return carriesApiKey(headers) ? { response: refusalResponse(noAccount()) } : undefined
    },
    endpoints: {
      createApiKey: createApiKey(parts),
      updateApiKey: updateApiKey(parts),
      rotateApiKey: rotateApiKey(parts),
      deleteApiKey: deleteApiKey(parts),
      getApiKey: getApiKey(parts),
      listApiKeys: listApiKeys(parts),
      listApiKeyPermissions: listApiKeyPermissions(parts),
      verifyApiKey: verifyApiKey(parts),
      deleteAllExpiredApiKeys,
      createService: createService(parts),
      listServices: listServices(parts),
      deleteService: deleteService(parts),
    },
  } satisfies BetterAuthPlugin
}

function carriesApiKey(headers: Headers): boolean {
  return headers.has(apiKeyHeader) || /^apikey\b/i.test(headers.get('authorization') ?? '')
}

/** An API key is no session: accounts are for people, whatever cookie comes with the key. */
function noAccount(): ProtocolError {
  return new ProtocolError('authentication_required', {
    message: 'An API key opens no account endpoint. Sign in.',
    headers: { 'www-authenticate': 'Bearer' },
  })
}
