import type { AuthContext } from '@better-auth/core'
import { endConsent, listConsents } from '../consents/routes.ts'
import type { ProviderContext } from '../context.ts'
import { getActivity, getClientActivity } from './routes/activity.ts'
import { createClient } from './routes/create.ts'
import { deleteClient } from './routes/delete.ts'
import { getClient } from './routes/get.ts'
import { listClients } from './routes/list.ts'
import { rotateKeys } from './routes/rotate-keys.ts'
import { rotateSecret } from './routes/rotate-secret.ts'
import { listScopes } from './routes/scopes.ts'
import { updateClient } from './routes/update.ts'
import { endClientUser, endClientUsers, listClientUsers } from './routes/users.ts'

/** The endpoints that look after applications, and those of the apps a person lets in. */
export function administrationEndpoints(contextOf: (auth: AuthContext) => ProviderContext) {
  return {
    listOidcClients: listClients(contextOf),
    createOidcClient: createClient(contextOf),
    getOidcActivity: getActivity(contextOf),
    getOidcClient: getClient(contextOf),
    updateOidcClient: updateClient(contextOf),
    deleteOidcClient: deleteClient(contextOf),
    rotateOidcSecret: rotateSecret(contextOf),
    listOidcClientUsers: listClientUsers(contextOf),
    endOidcClientUsers: endClientUsers(contextOf),
    endOidcClientUser: endClientUser(contextOf),
    getOidcClientActivity: getClientActivity(contextOf),
    listOidcConsents: listConsents(contextOf),
    endOidcConsent: endConsent(contextOf),
    listOidcScopes: listScopes(contextOf),
    rotateOidcKeys: rotateKeys(contextOf),
  }
}
