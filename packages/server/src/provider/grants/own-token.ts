import type { Client } from '../clients/client.ts'
import type { MachineRequest } from '../http.ts'
import { AssertionRefused } from '../trusted-issuers/trusted-issuers.ts'
import { authenticateWorkload, type Workload } from '../trusted-issuers/workload.ts'
import type { TokenResponse } from '../tokens/model.ts'
import { clientCredentials } from './client-credentials.ts'
import type { OAuthError } from '../oauth-error.ts'

/** The workload behind a JWT, as the client that asks; `refuse` makes the error of everything else. */
export async function requireWorkload(
  { context, now }: MachineRequest,
  client: Client,
  { jwt, refuse }: { jwt: string; refuse: (why: string) => OAuthError },
): Promise<Workload> {
  const workload = await authenticateWorkload(context, jwt, now).catch((error: unknown) => {
    throw error instanceof AssertionRefused ? refuse(error.message) : error
  })
  if (workload.client.clientId === client.clientId) return workload
  throw refuse('The workload belongs to another client.')
}

/** The token that a client gets for itself, with no more scopes than its workload may have. */
export function ownToken(request: MachineRequest, { client }: Workload): Promise<TokenResponse> {
  return clientCredentials.handle(request, client)
}
