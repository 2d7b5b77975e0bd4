export { ProtocolError } from '@countersign/protocol'
export { createAuth } from './create-auth.ts'
export type { Auth, AuthPlugins } from './create-auth.ts'
export type { AuthOptions } from './options.ts'
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
export { ConfigurationError, isLoopback, readEnvironment } from './env.ts'
export type { Environment } from './env.ts'
export { proxyList } from './options.ts'
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
} from './authenticate/principal.ts'
export { connect } from './database/connect.ts'
export type { ConnectOptions } from './database/connect.ts'
export { DatabaseUnavailable } from './database/connection.ts'
export type { Connection, Database, Sql, SqlResult } from './database/connection.ts'
export { DirectoryInUse } from './database/lock.ts'
export { migrate, pendingMigrations, SchemaDrift } from './database/migrate.ts'
