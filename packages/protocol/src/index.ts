export {
  activityEventSchema,
  activityPageSchema,
  agentListSchema,
  agentViewSchema,
  grantViewSchema,
  hostIdRequestSchema,
  hostListSchema,
  hostViewSchema,
  pauseAgentRequestSchema,
  revokeGrantRequestSchema,
  updateAgentRequestSchema,
} from './agent-view.ts'
export type { ActivityEvent, AgentView, GrantView, HostView } from './agent-view.ts'
export {
  approvalCapabilitySchema,
  approvalChallengeRequestSchema,
  approvalDecisionSchema,
  approvalListSchema,
  approvalQuerySchema,
  approvalStrengthSchema,
  approvalViewSchema,
  approveRequestSchema,
  budgetSchema,
} from './approval.ts'
export type {
  ApprovalCapability,
  ApprovalChallengeRequest,
  ApprovalDecision,
  ApprovalStrength,
  ApprovalView,
  ApproveRequest,
} from './approval.ts'
export { approvalInstructionsSchema } from './approval-instructions.ts'
export type { ApprovalInstructions } from './approval-instructions.ts'
export {
  capabilityDetailSchema,
  capabilityGrantSchema,
  capabilityRequestSchema,
  capabilitySummarySchema,
  describeCapabilityQuerySchema,
  executeRequestSchema,
  listCapabilitiesQuerySchema,
  listCapabilitiesResponseSchema,
  requestCapabilityRequestSchema,
} from './capability.ts'
export type {
  CapabilityDetail,
  CapabilityGrant,
  CapabilityRequest,
  CapabilityRequestInput,
  CapabilitySummary,
  ExecuteRequest,
  ListCapabilitiesQuery,
  ListCapabilitiesResponse,
  RequestCapabilityRequest,
} from './capability.ts'
export { batchExecuteRequestSchema, jobQuerySchema } from './execution.ts'
export type { BatchExecuteRequest } from './execution.ts'
export { discoveryDocumentSchema } from './discovery.ts'
export type { DiscoveryDocument } from './discovery.ts'
export {
  agentModeSchema,
  agentStatusSchema,
  capabilityNamePattern,
  constraintsSchema,
  hostStatusSchema,
  idSchema,
} from './fields.ts'
export type { AgentMode, AgentStatus, HostStatus } from './fields.ts'
export {
  claimAgentRequestSchema,
  claimAgentResponseSchema,
  createHostRequestSchema,
  createHostResponseSchema,
  enrollHostRequestSchema,
  enrollHostResponseSchema,
  grantCapabilityRequestSchema,
  grantChallengeRequestSchema,
  unlinkHostResponseSchema,
  updateHostRequestSchema,
} from './host-management.ts'
export type {
  ClaimAgentResponse,
  CreateHostResponse,
  EnrollHostResponse,
  GrantCapabilityRequest,
} from './host-management.ts'
export {
  agentKeySchema,
  introspectDecisionSchema,
  introspectRequestSchema,
  introspectResponseSchema,
  locationGrantSchema,
} from './introspection.ts'
export type {
  AgentVerificationKey,
  IntrospectDecision,
  IntrospectRequest,
  IntrospectResponse,
  LocationGrant,
} from './introspection.ts'
export { issuesToError, parseWith } from './parse-with.ts'
export {
  agentIdRequestSchema,
  registerRequestSchema,
  registerResponseSchema,
  requestCapabilityResponseSchema,
  rotateAgentKeyRequestSchema,
  rotateHostKeyRequestSchema,
  statusResponseSchema,
} from './registration.ts'
export type {
  AgentIdRequest,
  RegisterRequest,
  RegisterResponse,
  RequestCapabilityResponse,
  StatusResponse,
} from './registration.ts'
export { readAgentJwt, verifyAgentJwt, verifyAgentJwtSync } from './agent-jwt.ts'
export type { ReadAgentJwtOptions, UnverifiedAgentJwt, VerifiedAgentJwt } from './agent-jwt.ts'
export { decodeBase64url, encodeBase64url } from './base64url.ts'
export {
  checkConstraints,
  constraintsCover,
  meetConstraints,
  parseConstraints,
} from './constraint.ts'
export type { Meet, Violation } from './constraint.ts'
export type {
  ConstraintOperators,
  ConstraintPrimitive,
  Constraints,
  ConstraintValue,
} from './constraint-value.ts'
export { canonicalJson, sha256 } from './digest.ts'
export { displayText } from './display-text.ts'
export type { DisplayTextOptions } from './display-text.ts'
export { readDpopProof, verifyDpopProof } from './dpop.ts'
export type { UnverifiedDpopProof, VerifiedDpopProof, VerifyDpopProofOptions } from './dpop.ts'
export { DPOP_ALGORITHMS, dpopThumbprint } from './dpop-key.ts'
export type { DpopPublicJwk, P256PublicJwk } from './dpop-key.ts'
export { ERROR_STATUS, isErrorCode } from './error-codes.ts'
export type { ErrorCode, ErrorStatus } from './error-codes.ts'
export { ERRORS, ProtocolError } from './errors.ts'
export type { ProtocolErrorOptions } from './errors.ts'
export { readHostJwt, verifyHostJwt } from './host-jwt.ts'
export type { UnverifiedHostJwt, VerifiedHostJwt, VerifyHostJwtOptions } from './host-jwt.ts'
export { generateKeyPair, importPrivateJwk, jwkThumbprint, parsePublicJwk } from './jwk.ts'
export type { CryptoKey, KeyPair, PrivateJwk, PublicJwk } from './jwk.ts'
export { decodeJwt, MAX_JWT_LENGTH } from './jwt.ts'
export type { DecodedJwt } from './jwt.ts'
export { checkClaims } from './jwt-claims.ts'
export type {
  CheckClaimsOptions,
  RegisteredClaims,
  VerifyJwtOptions,
  VerifyJwtSyncOptions,
} from './jwt-claims.ts'
export { PROTOCOL_VERSION } from './protocol-version.ts'
export { resembledBrand } from './resembled-brand.ts'
export { readJsonBody } from './json-body.ts'
export { isStorableJson } from './storable.ts'
export { signAgentJwt } from './sign-agent-jwt.ts'
export type { SignAgentJwtInput } from './sign-agent-jwt.ts'
export { signDpopProof } from './sign-dpop-proof.ts'
export type { SignDpopProofInput } from './sign-dpop-proof.ts'
export { signHostJwt } from './sign-host-jwt.ts'
export type { SignHostJwtInput } from './sign-host-jwt.ts'
export { signPublishedHostJwt } from './sign-published-host-jwt.ts'
export type { SignPublishedHostJwtInput } from './sign-published-host-jwt.ts'
export { normalizeUserCode, USER_CODE_ALPHABET } from './user-code.ts'
export type { VerifySignature, VerifySignatureSync } from './verify-signature.ts'
export { WireError } from './wire-error.ts'
export type { ErrorBody, WireErrorOptions } from './wire-error.ts'
