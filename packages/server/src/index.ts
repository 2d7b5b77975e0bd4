export { ProtocolError } from '@countersign/protocol'
export { createAuth } from './create-auth.ts'
export type { Auth, AuthPlugins } from './auth.ts'
export type { AuthOptions } from './options.ts'
export type { Service } from './api-keys/access.ts'
export type { ApiKeyView } from './api-keys/key-row.ts'
export type { ApiKeyOptions, KeyLimit } from './api-keys/options.ts'
export {
  agentAuth,
  asynchronous,
  ciba,
  cibaWebhook,
  createFromMCP,
  createFromOpenAPI,
  createOpenAPIHandler,
  deviceAuthorization,
  fromOpenAPI,
  verifyAgentRequest,
} from './agent-auth/index.ts'
export type {
  AgentAuthOptions,
  AgentEvent,
  AgentEventType,
  AgentSession,
  AgentSessionQuery,
  ApprovalMethod,
  ApprovalNotice,
  ApprovalPerson,
  ApprovalRequest,
  ApprovalStrength,
  ApprovalSubject,
  AskedCapability,
  Capability,
  CibaOptions,
  CibaWebhookOptions,
  CreateFromMCPOptions,
  CreateFromOpenAPIOptions,
  ExecuteContext,
  FromOpenAPIOptions,
  JsonSchema,
  MCPCapabilities,
  OpenAPICapabilities,
  OpenAPIDocument,
  OpenAPIHandler,
  OpenAPIHandlerOptions,
  RateLimit,
  RateLimits,
  StartedApproval,
} from './agent-auth/index.ts'
export { ConfigurationError, isLoopback, parseSwitch, readEnvironment } from './env.ts'
export type { Environment } from './env.ts'
export { proxyList } from './client-address.ts'
// oxlint-disable-next-line no-restricted-imports -- the public name of the plugin
export { provider } from './provider/plugin.ts'
export type {
  AssertionAudience,
  ProtectedResource,
  ProviderLifetimes,
  ProviderOptions,
  ProviderPages,
  TrustedIssuer,
} from './provider/options.ts'
export type { ScopeCatalogue, ScopeDescription } from './provider/scopes.ts'
export type {
  AccessTokenNeeds,
  VerifiedAccessToken,
} from './provider/tokens/verify-access-token.ts'
export type { Actor } from './provider/tokens/model.ts'
export { developmentInbox } from './mail/inbox.ts'
export type { DevelopmentInbox, InboxMessage } from './mail/inbox.ts'
export type { MailOptions } from './mail/options.ts'
export { smtp } from './mail/smtp.ts'
export type { SmtpOptions } from './mail/smtp.ts'
export type { MailMessage, MailTransport } from './mail/transport.ts'
export type { SocialProvider, SocialProviders } from './social/options.ts'
export type { TelemetryOptions } from './telemetry/options.ts'
export { can } from './authenticate/principal.ts'
export type {
  AgentPrincipal,
  AnonymousPrincipal,
  AuthenticationMethod,
  HostPrincipal,
  Permissions,
  Principal,
  ServicePrincipal,
  UserPrincipal,
  VerifiedApiKey,
} from './authenticate/principal.ts'
export type { AuthRequest } from './authenticate/server.ts'
export type { StaticToken } from './authenticate/static-token.ts'
export { getOrgContext, hasOrgRole, hasPermission } from './organizations/context.ts'
export type { Organizations, OrganizationQuery, OrgContext } from './organizations/context.ts'
export type { OrganizationOptions } from './organizations/options.ts'
export type { TokenOptions } from './signing-keys/options.ts'
export { connect } from './database/connect.ts'
export type { ConnectOptions } from './database/connect.ts'
export { DatabaseUnavailable } from './database/connection.ts'
export type { Connection, Database, Sql, SqlResult } from './database/connection.ts'
export { checkSchema } from './database/drift.ts'
export { DirectoryInUse } from './database/lock.ts'
export { migrate, pendingMigrations, SchemaDrift } from './database/migrate.ts'
