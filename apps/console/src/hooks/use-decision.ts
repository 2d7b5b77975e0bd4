import { startAuthentication, WebAuthnError } from '@simplewebauthn/browser'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { challengeFor, sendDecision } from '../api/approvals.ts'
import type { ApproveResponse, Decision } from '../api/contract.ts'
import { ApiError, needsFreshSession } from '../lib/api-error.ts'

/** What the person pressed, with exactly what was on screen at that moment. */
export interface Verdict {
  approvalId: string
  action: 'approve' | 'deny'
  decisions: readonly Decision[]
  withPasskey: boolean
  /** What was said to be allowed; kept, because afterwards the request asks for nothing any more. */
  sentences: readonly string[]
}

/** Sends a verdict. When the server wants fresh proof of who is there, keeps it to go on afterwards. */
export function useDecision() {
  const queries = useQueryClient()
  const [waiting, setWaiting] = useState<Verdict>()
  const { mutate, ...mutation } = useMutation({
    mutationFn: send,
    onError: (error, verdict) => {
      if (needsFreshSession(error)) setWaiting(verdict)
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ['agents'] }),
  })
  return {
    decide: (verdict: Verdict) => mutate(verdict),
    sending: mutation.isPending ? mutation.variables.action : undefined,
    error: needsFreshSession(mutation.error) ? null : mutation.error,
    done:
      mutation.data === undefined
        ? undefined
        : { verdict: mutation.variables, answer: mutation.data },
    /** The verdict that waits for fresh proof. */
    waiting,
    goOn: () => {
      if (waiting !== undefined) mutate(waiting)
      setWaiting(undefined)
    },
    giveUp: () => setWaiting(undefined),
  }
}

async function send(verdict: Verdict): Promise<ApproveResponse> {
  const { approvalId, action, decisions } = verdict
  if (action === 'deny') return sendDecision({ approval_id: approvalId, action })
  return sendDecision({
    approval_id: approvalId,
    action,
    capabilities: decisions,
    ...(verdict.withPasskey && { webauthn_response: await countersign(approvalId, decisions) }),
  })
}

async function countersign(approvalId: string, decisions: readonly Decision[]): Promise<unknown> {
  const { options } = await challengeFor(approvalId, decisions)
  try {
    return await startAuthentication({ optionsJSON: options })
  } catch (cause) {
    const code = cause instanceof WebAuthnError ? cause.code : 'AUTH_CANCELLED'
    throw new ApiError(400, code, { cause })
  }
}
