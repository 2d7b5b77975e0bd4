import type { Client } from '../clients/client.ts'
import { confirmationOf } from '../dpop.ts'
import { endFamilies } from '../ending.ts'
import type { MachineRequest } from '../http.ts'
import { acrOf } from '../interaction/acr.ts'
import { OAuthError } from '../oauth-error.ts'
import { type PendingAuthorization, pollOutcome } from '../pending/pending.ts'
import {
  claimApproved,
  countPoll,
  findBySecret,
  isKept,
  slowDown,
} from '../pending/pending-store.ts'
import { isMemberOf } from '../store/people.ts'
import { issueTokens } from '../tokens/issue.ts'
import type { TokenResponse } from '../tokens/model.ts'
import { tokenHash } from '../tokens/known-tokens.ts'
import { getsRefreshToken } from '../tokens/refresh-token.ts'
import { heldScopes } from '../tokens/scopes.ts'
import { invalidGrant, required } from './grant-handler.ts'
import { requirePerson } from './person.ts'

interface Polling {
  readonly kind: PendingAuthorization['kind']
  /** The parameter with what the client holds. */
  readonly parameter: 'device_code' | 'auth_req_id'
}

/**
 * A client asks whether the person has answered, and gets tokens once (RFC 8628 section 3.5, CIBA
 * section 11): whatever is left of the request afterwards is `invalid_grant`.
 */
export async function pollForTokens(
  request: MachineRequest,
  client: Client,
  { kind, parameter }: Polling,
): Promise<TokenResponse> {
  const { context, now } = request
  const secretHash = tokenHash(required(request, parameter))
  const pending = await findBySecret(context.store, secretHash)
  if (!pending || pending.kind !== kind || pending.clientId !== client.clientId) throw unknown()
  await refuseUnanswered(request, pending)
  const { id, userId, referenceId, amr, authTime } = pending
  const scopes = heldScopes(pending.scopes, client)
  const person = await requirePerson(context, client, userId ?? '')
  if (!(await isMemberOf(context.store, person.id, referenceId))) {
    throw invalidGrant('The person does not belong to the organization any more.')
  }
  const confirmation = await confirmationOf(request, client)
  // From here on it is used, whatever happens.
  if (!(await claimApproved(context.store, id))) throw unknown()
  const resources = pending.resources ?? []
  const response = await issueTokens(context, {
    client,
    // No session: it was approved in a browser that is not where the client runs.
    grant: {
      kind,
      userId: person.id,
      scopes,
      resources,
      referenceId,
      authTime,
      ...acrOf({ amr }),
      codeHash: secretHash,
    },
    person,
    scopes,
    resources,
    confirmation,
    refresh: getsRefreshToken(client, scopes),
    now,
  })
  if (await isKept(context.store, id)) return response
  // The person removed the access while the tokens were made.
  await endFamilies(context, { clientId: client.clientId, userId: person.id })
  throw invalidGrant('What the person allowed has ended.')
}

/** Throws what a client is told that has to wait, or waits in vain. */
async function refuseUnanswered(
  { context: { store }, now }: MachineRequest,
  pending: PendingAuthorization,
): Promise<void> {
  switch (pollOutcome(pending, now)) {
    case 'approved':
      return
    case 'used':
      throw unknown()
    case 'expired':
      throw new OAuthError('expired_token', 'Nobody answered in time. Begin again.')
    case 'denied':
      throw new OAuthError('access_denied', 'The person said no.')
    case 'waiting':
      if (await countPoll(store, pending, now)) {
        throw new OAuthError('authorization_pending', 'The person has not answered yet.')
      }
      break
    case 'too_fast':
      break
  }
  await slowDown(store, pending, now)
  throw new OAuthError('slow_down', 'Wait five seconds more between requests.')
}

function unknown(): OAuthError {
  return invalidGrant('The code is unknown, used, or of another client.')
}
