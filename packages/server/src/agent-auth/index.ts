export type { ApprovalMethod, ApprovalRequest } from './approval-methods/index.ts'
export { deviceAuthorization } from './approval-methods/index.ts'
export {
  createFromOpenAPI,
  createOpenAPIHandler,
  fromOpenAPI,
} from './capability-sources/openapi/index.ts'
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
export type { ApprovalStrength, Capability, ExecuteContext, JsonSchema } from './capability.ts'
export type { AgentEvent, AgentEventType } from './domain/event.ts'
export type { AgentAuthOptions, RateLimit, RateLimits } from './options.ts'
export { agentAuth } from './plugin.ts'
