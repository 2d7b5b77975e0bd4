export { agentStatus } from './agent-status.ts'
export type { ApprovalOptions } from './approval.ts'
export { createAgentClient } from './client.ts'
export type { AgentClient } from './client.ts'
export type { Clock } from './clock.ts'
export { connectAgent } from './connect.ts'
export type { ConnectOptions } from './connect.ts'
export { listConnections } from './connection.ts'
export type { Connection } from './connection.ts'
export { createAgentContext } from './context.ts'
export type {
  AgentContext,
  AgentContextOptions,
  AgentReference,
  OnApproval,
  OperationOptions,
  Remembered,
  WaitForDecision,
} from './context.ts'
export { describeCapability } from './describe-capability.ts'
export type { DescribeCapabilityOptions } from './describe-capability.ts'
export { disconnectAgent } from './disconnect.ts'
export type { Disconnected } from './disconnect.ts'
export { discoverProvider } from './discover.ts'
// The errors operations throw, so that a program needs one import to tell them apart.
export { AgentClientError, ProtocolError } from './errors.ts'
export type { AgentClientErrorCode } from './errors.ts'
export { executeCapability } from './execute.ts'
export type { ExecuteOptions, ExecutionResult } from './execute.ts'
export { listCapabilities } from './list-capabilities.ts'
export type { CapabilitySource, ListCapabilitiesOptions } from './list-capabilities.ts'
export { listProviders } from './list-providers.ts'
export type { ProviderSummary } from './list-providers.ts'
export { reactivateAgent } from './reactivate.ts'
export type { RequestHints } from './register.ts'
export { requestCapability } from './request-capability.ts'
export type { RequestCapabilityOptions, RequestedGrants } from './request-capability.ts'
export { signJwt } from './sign-jwt.ts'
export type { SignedJwt, SignJwtOptions } from './sign-jwt.ts'
export { memoryStorage } from './storage/memory.ts'
export type { AgentStorage, RecordStore, StoredConnection, StoredHost } from './storage/storage.ts'
export type {
  AgentStatus,
  Approval,
  ApprovalRequest,
  CapabilityDetail,
  CapabilityGrant,
  CapabilityList,
  CapabilityRequest,
  CapabilitySummary,
  Provider,
  RequestedCapability,
} from './wire.ts'
export { isErrorCode } from '@countersign/protocol'
export type { Constraints, ErrorCode } from '@countersign/protocol'
