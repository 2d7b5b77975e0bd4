import { describe, expect, it } from 'vitest'
import { type ApprovalOutcome, approvalOutcome } from './approval-outcome.ts'
import type { Agent, Approval } from './model.ts'

type Case = [Approval['status'], Agent['status'] | null, number, ApprovalOutcome | null]

describe('approvalOutcome', () => {
  it.each<Case>([
    ['pending', 'pending', 1, null],
    ['pending', 'active', 1, null],
    ['pending', 'pending', 0, 'expired'],
    ['pending', 'revoked', 1, 'revoked'],
    ['pending', 'claimed', 1, 'revoked'],
    ['pending', null, 1, 'revoked'],
    ['approved', 'active', 0, 'approved'],
    ['approved', 'claimed', 0, 'approved'],
    ['denied', 'rejected', 1, 'denied'],
    ['superseded', 'active', 1, 'approved'],
    ['superseded', 'revoked', 1, 'revoked'],
  ])('a question that is %s of an agent that is %s, %i ms left: %s', (status, agent, left, is) => {
    const now = 1_000
    const question = { status, expiresAt: new Date(now + left) }
    expect(approvalOutcome(question, agent && { status: agent }, now)).toBe(is)
  })
})
