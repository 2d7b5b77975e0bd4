import type { AuthContext, BetterAuthPlugin } from '@better-auth/core'
import type { OnChange } from '../adapter/tell-changes.ts'
import type { AgentAuthContext } from '../agent-auth/context.ts'
import { ConfigurationError } from '../env.ts'
import type { OrganizationParts } from '../organizations/organization-plugin.ts'
import { register } from './routes/register.ts'
import { pathOf } from '../request-path.ts'
import { resolveTokenOptions } from '../signing-keys/options.ts'
import { SigningKeys } from '../signing-keys/signing-keys.ts'
import { browserParts } from './browser.ts'
import { CLIENT_ASSERTION_ALGORITHMS } from './client-authentication.ts'
import { administrationEndpoints } from './clients/administration.ts'
import type { ProviderConnection } from './connection.ts'
import { createProviderContext, type ProviderContext } from './context.ts'
import { endingHooks, forgetTokens } from './ending.ts'
import { type MachineRoute, serve } from './http.ts'
import { type ProviderOptions, resolveProviderOptions } from './options.ts'
import { type AnswerDocument, discoveryDocuments } from './routes/discovery.ts'
import { backchannelAuthentication } from './routes/backchannel-authentication.ts'
import { deviceAuthorization } from './routes/device-authorization.ts'
import { pushRequest } from './routes/par.ts'
import { introspect } from './routes/introspect.ts'
import { revoke } from './routes/revoke.ts'
import { grantHandlers, token } from './routes/token.ts'
import { userInfo } from './routes/user-info.ts'
import { providerSchema } from './schema.ts'
import { decideApproval, listApprovals } from './interaction/approvals.ts'
import { decideDevice, showDevice } from './interaction/device.ts'
import { ACR_VALUES } from './interaction/acr.ts'

/** Endpoints for clients and resource servers. Adding one: new file in routes/, new line here. */
const machineRoutes: readonly MachineRoute[] = [
  token,
  pushRequest,
  introspect,
  revoke,
  userInfo,
  deviceAuthorization,
  backchannelAuthentication,
  register,
]

/** The provider, and the door that answers before Better Auth's router. */
export interface Provider {
  readonly plugin: ReturnType<typeof createPlugin>
  /** Answers a request for an endpoint of machines or a document; `null` for every other request. */
  readonly serve: (request: Request, auth: AuthContext) => Promise<Response> | null
  readonly contextOf: (auth: AuthContext) => ProviderContext
  /** Forgets what is remembered of tokens when something changes that they depend on. */
  readonly onChange: OnChange
  /** Writes what is still in memory. Call it before the database goes away. */
  readonly close: () => Promise<void>
}

interface ProviderParts {
  readonly keys: SigningKeys
  readonly connection: ProviderConnection | null
  /** The issuer; absent takes the origin that Better Auth is configured with. */
  readonly issuer?: string
  /** The Agent Auth server beside it. */
  readonly agents?: ((auth: AuthContext) => AgentAuthContext) | undefined
  /** Who belongs to which organization, as what. */
  readonly organizations?: OrganizationParts | undefined
}

/** Builds the provider. With a connection, the hot path uses PostgreSQL directly. */
export function createProvider(options: ProviderOptions, parts: ProviderParts): Provider {
  const resolved = resolveProviderOptions(options)
  parts.keys.use('RS256')
  const routes = new Map<string, MachineRoute>(machineRoutes.map((route) => [route.path, route]))
  let context: ProviderContext | undefined
  let documents: AnswerDocument | undefined
  const contextOf = (auth: AuthContext): ProviderContext => {
    context ??= createProviderContext(auth, {
      options: resolved,
      keys: parts.keys,
      connection: parts.connection,
      agents: parts.agents,
      issuer: parts.issuer ?? originOf(auth),
      organizations: parts.organizations,
    })
    return context
  }
  const answer: Provider['serve'] = (request, auth) => {
    const current = contextOf(auth)
    const path = pathOf(request.url)
    documents ??= documentsOf(current)
    const document = documents(request.method, path)
    if (document) return document
    if (!path.startsWith(`${current.basePath}/`)) return null
    const route = routes.get(path.slice(current.basePath.length))
    return route ? serve(route, request, current) : null
  }
  const browser = browserParts(resolved, contextOf)
  return {
    plugin: createPlugin({ browser, contextOf, answer, keys: parts.keys }),
    serve: answer,
    contextOf,
    onChange: forgetTokens(() => context?.tokens),
    close: async () => {
      await browser.close()
      await context?.activity.flush()
      await context?.limits.close()
    },
  }
}

/**
 * Better Auth plugin: OAuth 2.1 and OpenID Connect provider, on any database.
 *
 * It needs the `jwt` plugin beside it. Throws a `ConfigurationError` for options that cannot work.
 */
export function provider(options: ProviderOptions = {}) {
  const keys = new SigningKeys(resolveTokenOptions(), null)
  return createProvider(options, { keys, connection: null }).plugin
}

interface PluginParts {
  readonly browser: ReturnType<typeof browserParts>
  readonly contextOf: (auth: AuthContext) => ProviderContext
  readonly answer: Provider['serve']
  readonly keys: SigningKeys
}

function createPlugin({ browser, contextOf, answer, keys }: PluginParts) {
  const { engine } = browser
  return {
    id: engine.id,
    version: engine.version,
    options: engine.options,
    schema: providerSchema,
    async init(auth) {
      if (!auth.hasPlugin('jwt')) {
        throw new ConfigurationError('provider() needs the `jwt` plugin: add it beside it.')
      }
      keys.start(auth)
      await browser.start(auth)
      const { user, session } = endingHooks(() => contextOf(auth))
      const { create, delete: ending } = browser.sessionHooks
      const after = async (ended: Parameters<typeof session.delete.after>[0]) => {
        await session.delete.after(ended)
        await ending.after()
      }
      const databaseHooks = { user, session: { create, delete: { ...ending, after } } }
      return { options: { databaseHooks } }
    },
    async onRequest(request, auth) {
      const response = await answer(request, auth)
      return response ? { response } : undefined
    },
    hooks: browser.hooks,
    endpoints: {
      ...administrationEndpoints(contextOf),
      showDevice: showDevice(contextOf),
      decideDevice: decideDevice(contextOf),
      listBackchannelRequests: listApprovals(contextOf),
      decideBackchannelRequest: decideApproval(contextOf),
      ...browser.endpoints,
    },
  } satisfies BetterAuthPlugin
}

function documentsOf({ issuer, basePath, options, keys }: ProviderContext): AnswerDocument {
  return discoveryDocuments({
    issuer,
    basePath,
    options,
    grantTypes: grantHandlers.map(({ type }) => type),
    assertionAlgorithms: CLIENT_ASSERTION_ALGORITHMS,
    acrValues: ACR_VALUES,
    publishedKeys: () => keys.published(),
  })
}

function originOf({ options }: AuthContext): string {
  const { baseURL } = options
  if (typeof baseURL === 'string') return new URL(baseURL).origin
  throw new ConfigurationError('provider() needs a fixed `baseURL`: it is the issuer.')
}
