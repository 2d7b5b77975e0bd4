export type { ApprovalMethod, ApprovalRequest } from './approval-method.ts'
export { deviceAuthorization } from './device-authorization.ts'
