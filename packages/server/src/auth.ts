import type { AuthContext, BetterAuthOptions, BetterAuthPlugin } from '@better-auth/core'
import type { Auth as BetterAuth } from 'better-auth/types'
import type { Api, WithoutEndpoints } from './auth-api.ts'
import type { Principal } from './authenticate/principal.ts'
import type { AuthRequest } from './authenticate/server.ts'
import type { Connection } from './database/connection.ts'
import type { defaultPlugins } from './default-plugins.ts'
import type { OrganizationQuery, OrgContext } from './organizations/context.ts'
import type {
  AccessTokenNeeds,
  VerifiedAccessToken,
} from './provider/tokens/verify-access-token.ts'

type DefaultPlugins = ReturnType<typeof defaultPlugins>

/** The plugins of an instance: the default ones, unless they are skipped, and the caller's. */
export type AuthPlugins<Plugins extends BetterAuthPlugin[], Skip extends boolean> = [Skip] extends [
  true,
]
  ? Plugins
  : [...DefaultPlugins, ...Plugins]

type OptionsWith<Plugins extends BetterAuthPlugin[]> = Omit<BetterAuthOptions, 'plugins'> & {
  plugins: Plugins
}

/** The options as far as they type people, sessions and error codes. */
type ModelOptions<Plugins extends BetterAuthPlugin[], Skip extends boolean> = OptionsWith<
  WithoutEndpoints<AuthPlugins<Plugins, Skip>>
>

/** Better Auth's instance, typed by its plugins. */
export interface TypedBetterAuth<
  Plugins extends BetterAuthPlugin[],
  Skip extends boolean,
> extends Omit<BetterAuth<ModelOptions<Plugins, Skip>>, 'api' | 'options'> {
  /** Every endpoint as a function, for code on this server. */
  api: Api<ModelOptions<Plugins, Skip>, AuthPlugins<Plugins, Skip>>
  /** What Better Auth was configured with. */
  options: OptionsWith<AuthPlugins<Plugins, Skip>>
}

/** What asks an instance who somebody is and what they may do. */
export interface FrontDoor {
  /** Says who a request is, or throws a `ProtocolError` of status 401, 403, 429 or 503. */
  authenticate(request: AuthRequest): Promise<Principal>
  /**
   * Says what an access token of this server's provider means right now, for an API in the same
   * process. Throws a `ProtocolError` of status 401, 403 or 503.
   */
  verifyAccessToken(token: string, needs?: AccessTokenNeeds): Promise<VerifiedAccessToken>
  /**
   * Renews the session behind a principal when it is due. Returns the `Set-Cookie` values for the
   * answer to its request: none most of the time.
   */
  renewSession(request: AuthRequest, principal: Principal): Promise<readonly string[]>
  /** What a caller is in the organization that is active, or that the query names; null for none. */
  organizationOf(
    caller: AuthRequest | Principal,
    query?: OrganizationQuery,
  ): Promise<OrgContext | null>
}

/** What `createAuth` returns: Better Auth's instance, the front door, and its own lifetime. */
export interface Auth<Plugins extends BetterAuthPlugin[] = [], Skip extends boolean = false>
  extends Omit<TypedBetterAuth<Plugins, Skip>, 'handler' | 'fetch' | '$context'>, FrontDoor {
  /** Answers every request under `/api/auth` and for the discovery document. It never throws. */
  handler(request: Request): Promise<Response>
  /** Better Auth's context, once the database is ready. */
  readonly $context: Promise<AuthContext>
  /** Resolves when the database answers and has the schema; rejects with one sentence why not. */
  readonly $ready: Promise<void>
  /** Our own database; absent with a `database` adapter. */
  readonly $connection: Connection | undefined
  /** Throws unless the database answers within two seconds. */
  $ping(): Promise<void>
  /** Closes the database. Requests after it are answered with 503. */
  $close(): Promise<void>
}
