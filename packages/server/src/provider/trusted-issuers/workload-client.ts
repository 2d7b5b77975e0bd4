import type { Client } from '../clients/client.ts'
import { isPublic } from '../clients/client.ts'
import { isIdJag } from '../grants/token-types.ts'
import type { MachineRequest } from '../http.ts'
import { OAuthError } from '../oauth-error.ts'
import { AssertionRefused } from './trusted-issuers.ts'
import { authenticateWorkload } from './workload.ts'

const clientAssertion = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/**
 * The client of a request that a workload proves by the JWT of its platform, as its client assertion
 * or as the assertion that it exchanges (RFC 7521 sections 4.1 and 4.2); null when there is no JWT of
 * a trusted issuer, or something else besides that says who the client is.
 *
 * Throws `invalid_client`.
 */
export async function workloadClient(request: MachineRequest): Promise<Client | null> {
  const { context, parameters, now } = request
  const jwt = presentedJwt(request)
  if (jwt === undefined || !context.trustedIssuers.names(jwt)) return null
  try {
    const { client } = await authenticateWorkload(context, jwt, now)
    const named = parameters.get('client_id')
    if (named !== undefined && named !== client.clientId) {
      throw new AssertionRefused('The workload belongs to another client.')
    }
    if (isPublic(client)) throw new AssertionRefused('A public client has no workloads.')
    return client
  } catch (error) {
    if (!(error instanceof AssertionRefused)) throw error
    throw new OAuthError('invalid_client', error.message, { cause: error })
  }
}

function presentedJwt({ headers, parameters }: MachineRequest): string | undefined {
  if (headers.has('authorization') || parameters.get('client_secret') !== undefined) {
    return undefined
  }
  const assertion = parameters.get('client_assertion')
  if (assertion !== undefined) {
    return parameters.get('client_assertion_type') === clientAssertion ? assertion : undefined
  }
  const exchanged = parameters.get('grant_type') === jwtBearer ? parameters.get('assertion') : ''
  // An ID-JAG says who a person is, and nothing about the client that brings it.
  return !exchanged || isIdJag(exchanged) ? undefined : exchanged
}
