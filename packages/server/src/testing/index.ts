export { describeApprovalMethod } from './describe-approval-method.ts'
export type { TestRunner } from './describe-approval-method.ts'
