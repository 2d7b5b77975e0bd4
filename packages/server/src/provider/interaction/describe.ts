import type { Client } from '../clients/client.ts'
import type { ProviderContext } from '../context.ts'
import { lifetimesOf } from '../lifetimes.ts'
import { getsRefreshToken } from '../tokens/refresh-token.ts'
import { redirectTarget } from '../redirect-uri.ts'
import { organizationsOf } from '../store/organizations.ts'

interface Someone {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly image?: string | null | undefined
}

/** What is asked, and of whom. */
export interface Interaction {
  readonly client: Client
  /** Where the answer goes; null where it goes nowhere, as with a device. */
  readonly redirectUri: string | null
  readonly user: Someone
  /** The organization that the session works in. */
  readonly organizationId: string | null
  readonly scopes: readonly string[]
  readonly resources: readonly string[]
  /** Names of claims that were asked for one by one. */
  readonly claims: readonly string[]
}

/** All that a person has to see before they decide, in the form of the pages. */
export async function describeInteraction(context: ProviderContext, asked: Interaction) {
  const { client, user, scopes } = asked
  const { options, issuer } = context
  // Without OpenID Connect a client that is made for refreshing does so: leaving this out would be no answer.
  const stays = getsRefreshToken(
    client,
    scopes.filter((name) => name !== 'offline_access'),
  )
  const organizations = await organizationsOf(context.store, user.id)
  return {
    client: describeClient(client, asked.redirectUri),
    account: { id: user.id, name: user.name, email: user.email, image: user.image ?? null },
    organizations: organizations.map(({ id, name }) => ({
      id,
      name,
      active: id === asked.organizationId,
    })),
    resource: asked.resources.map((identifier) => ({
      identifier,
      name: options.resources.find((one) => one.identifier === identifier)?.name ?? null,
    })),
    scopes: scopes.flatMap((name) => {
      const scope = options.scopes.get(name)
      if (!scope) return []
      const { title, description, sensitive } = scope
      const required = scope.required || (name === 'offline_access' && stays)
      return { name, title, description, sensitive, required }
    }),
    claims: asked.claims,
    access_expires_in: lifetimesOf(client, options.lifetimes).accessToken,
    offline: getsRefreshToken(client, scopes),
    revoke_url: issuer + options.pages.connectedApps,
  }
}

/** A client as people see it: what was verified about it first, then what it says about itself. */
function describeClient(client: Client, redirectUri: string | null) {
  return {
    client_id: client.clientId,
    name: client.name,
    verified: verifiedBy(client, redirectUri),
    registration: client.registration,
    homepage_url: webAddress(client.uri),
    icon: webAddress(client.icon),
    policy_url: webAddress(client.policy),
    terms_url: webAddress(client.tos),
  }
}

function verifiedBy({ registration, clientId }: Client, redirectUri: string | null) {
  if (registration === 'metadata_document') {
    return { kind: 'metadata_document', host: new URL(clientId).host } as const
  }
  const target = redirectUri === null ? null : redirectTarget(redirectUri)
  if (!target) return null
  if (target.kind === 'private_scheme') return { kind: target.kind, host: target.scheme } as const
  const kind = target.kind === 'web' ? 'redirect_host' : target.kind
  return { kind, host: target.host } as const
}

/** Nothing that a page could run or open elsewhere than on the web. */
function webAddress(text: string | null): string | null {
  return text !== null && URL.canParse(text) && new URL(text).protocol === 'https:' ? text : null
}
