export type {
  ApprovalMethod,
  ApprovalPerson,
  ApprovalRequest,
  ApprovalSubject,
  AskedCapability,
  StartedApproval,
} from './approval-method.ts'
export { ciba } from './ciba.ts'
export type { ApprovalNotice, CibaOptions } from './ciba.ts'
export { cibaWebhook } from './ciba-webhook.ts'
export type { CibaWebhookOptions } from './ciba-webhook.ts'
export { deviceAuthorization } from './device-authorization.ts'
