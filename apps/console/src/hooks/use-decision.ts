import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { challengeFor, sendDecision } from '../api/approvals.ts'
import type { ApproveResponse, Decision } from '../api/contract.ts'
import { needsFreshSession } from '../lib/api-error.ts'
import { countersign } from '../lib/countersign.ts'

/** What the person pressed, with exactly what was on screen at that moment. */
export interface Verdict {
  approvalId: string
  /** Stands for all that was shown; the server refuses the verdict when it shows something else now. */
  digest: string
  agentId: string
  action: 'approve' | 'deny'
  decisions: readonly Decision[]
  withPasskey: boolean
  /** Why something was denied, for the agent. */
  reason?: string
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
    reset: mutation.reset,
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
  const { approvalId, digest, agentId, action, reason } = verdict
  const shown = { approval_id: approvalId, approval_digest: digest, agent_id: agentId }
  if (action === 'deny') return sendDecision({ ...shown, action, reason })
  const capabilities = verdict.decisions.map((decision) =>
    decision.allow || reason === undefined ? decision : { ...decision, reason },
  )
  return sendDecision({
    ...shown,
    action,
    capabilities,
    ...(verdict.withPasskey && { webauthn_response: await confirm(approvalId, capabilities) }),
  })
}

async function confirm(approvalId: string, decisions: readonly Decision[]) {
  return countersign((await challengeFor(approvalId, decisions)).options)
}
