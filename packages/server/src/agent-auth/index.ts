export type {
  ApprovalMethod,
  ApprovalNotice,
  ApprovalPerson,
  ApprovalRequest,
  ApprovalSubject,
  AskedCapability,
  CibaOptions,
  CibaWebhookOptions,
  StartedApproval,
} from './approval-methods/index.ts'
export { ciba, cibaWebhook, deviceAuthorization } from './approval-methods/index.ts'
export {
  createFromOpenAPI,
  createOpenAPIHandler,
  fromOpenAPI,
} from './capability-sources/openapi/index.ts'
export { createFromMCP } from './capability-sources/mcp/index.ts'
export type {
  CreateFromMCPOptions,
  MCPApprovalStrengthChoice,
  MCPCapabilities,
  MCPReadOnlyChoice,
  MCPToolInfo,
} from './capability-sources/mcp/index.ts'
export type {
  ApprovalStrengthChoice,
  CreateFromOpenAPIOptions,
  CredentialContext,
  CredentialSource,
  CredentialValue,
  DefaultHostCapabilitiesChoice,
  FromOpenAPIOptions,
  OpenAPICapabilities,
  OpenAPICapabilityInfo,
  OpenAPIDocument,
  OpenAPIHandler,
  OpenAPIHandlerOptions,
  ResolveHeadersContext,
} from './capability-sources/openapi/index.ts'
export type { CleanUpReport } from './cleanup.ts'
export type { ApprovalStrength, Capability, ExecuteContext, JsonSchema } from './capability.ts'
export type { AgentEvent, AgentEventType } from './domain/event.ts'
export type { DpopMode } from './dpop/policy.ts'
export type { RateLimit, RateLimits } from './limits/rates.ts'
export type { AgentAuthOptions, AutonomousUser } from './options.ts'
export { type Asynchronous, asynchronous } from './execution/asynchronous.ts'
export type { AgentSession, AgentSessionQuery, SessionGrant, SessionUser } from './agent-session.ts'
export { agentAuth } from './plugin.ts'
export { verifyAgentRequest } from './verify-agent-request.ts'
export type { AgentSessionApi } from './verify-agent-request.ts'
