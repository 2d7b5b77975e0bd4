import type { Client } from '../clients/client.ts'
import type { ProviderContext } from '../context.ts'
import { subjectMatches } from './subject-pattern.ts'
import { AssertionRefused } from './trusted-issuers.ts'

/** A workload that proved who it is, as the client it may act as. */
export interface Workload {
  /** With no more scopes than the workload may have. */
  readonly client: Client
  /** What its issuer calls it. */
  readonly subject: string
  readonly claims: Readonly<Record<string, unknown>>
}

/**
 * Turns the JWT of a workload (Kubernetes, GitHub Actions, SPIFFE) into the client that the table of
 * trusted issuers maps its subject to. Rejects with `AssertionRefused`.
 *
 * Such a JWT is good as often as its issuer lets it be: platforms hand out one for minutes or hours.
 */
export async function authenticateWorkload(
  { trustedIssuers, clients, issuer: self }: ProviderContext,
  jwt: string,
  now: number,
): Promise<Workload> {
  const audience = (issuer: { audience?: string | undefined }) => issuer.audience ?? self
  const { issuer, subject, claims } = await trustedIssuers.verify(jwt, { audience, now })
  const rule = issuer.subjects?.find((one) => subjectMatches(one.subject, subject))
  if (!rule) throw new AssertionRefused('Nothing says what this subject may do here.')
  const client = await clients.stored(rule.clientId)
  if (!client || client.disabled) {
    throw new AssertionRefused('The client that this subject acts as does not exist.')
  }
  return { client: narrowed(client, rule.scopes), subject, claims }
}

function narrowed(client: Client, scopes: readonly string[] | undefined): Client {
  if (!scopes) return client
  const within = (own: readonly string[]) => own.filter((scope) => scopes.includes(scope))
  const { scopes: all, defaultScopes } = client
  return { ...client, scopes: within(all), defaultScopes: defaultScopes && within(defaultScopes) }
}
