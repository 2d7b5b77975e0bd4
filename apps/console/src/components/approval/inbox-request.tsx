import { useState, type SubmitEvent } from 'react'
import { Link } from 'react-router'
import { sendDecision } from '../../api/approvals.ts'
import type { ApprovalView } from '../../api/contract.ts'
import { useAgentChange } from '../../hooks/use-agents.ts'
import { approvalPath, asksWords } from '../../lib/approval-words.ts'
import { describeConstraints } from '../../lib/constraint-words.ts'
import { problemWords } from '../../lib/problem-words.ts'
import { EffectBadge } from '../badge.tsx'
import { Button, buttonClass } from '../button.tsx'
import { Fingerprint } from '../fingerprint.tsx'
import { Notice } from '../notice.tsx'
import { TextField } from '../text-field.tsx'
import { Countdown } from './countdown.tsx'

/** One request in the inbox: enough to know it by, to look at it or to deny it. */
export function InboxRequest({ view }: { view: ApprovalView }) {
  const { asserted, facts } = view
  return (
    <li className="card grid gap-4 p-5 sm:p-6">
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1.5">
        <h2 className="min-w-0 text-lg font-semibold wrap-anywhere">
          <q>{asserted.agent_name}</q> {asksWords(view.kind)}
        </h2>
        <Countdown expiresAt={view.expires_at} />
      </div>
      <ul aria-label="It asks to" className="grid gap-2">
        {view.capabilities.map((asked) => (
          <li key={asked.capability} className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <span className="font-medium wrap-anywhere">{asked.title}</span>
            <EffectBadge readOnly={asked.read_only} />
            <span className="text-sm text-muted wrap-anywhere">
              {describeConstraints(asked.constraints).join(', ')}
            </span>
          </li>
        ))}
        {view.capabilities.length === 0 && <li className="text-muted">Nothing in particular.</li>}
      </ul>
      {asserted.reason !== null && (
        <p className="text-sm wrap-anywhere">
          <span className="text-muted">It says it asks because</span> <q>{asserted.reason}</q>
        </p>
      )}
      <div className="text-sm">
        <p className="mb-1 text-muted">
          From your connected app {asserted.host_name !== null && <q>{asserted.host_name}</q>}
        </p>
        <Fingerprint value={facts.host_fingerprint} />
      </div>
      <Answer view={view} />
    </li>
  )
}

function Answer({ view }: { view: ApprovalView }) {
  const [denying, setDenying] = useState(false)
  const name = view.asserted.agent_name
  return (
    <div className="border-t border-line pt-4">
      {denying ? (
        <Denial view={view} onCancel={() => setDenying(false)} />
      ) : (
        <div className="flex flex-wrap gap-3">
          <Link
            to={approvalPath(view.approval_id)}
            className={buttonClass('primary')}
            aria-label={`Look at it: request of ${name}`}
          >
            Look at it
          </Link>
          <Button
            tone="secondary"
            aria-label={`Deny: request of ${name}`}
            onClick={() => setDenying(true)}
          >
            Deny
          </Button>
        </div>
      )}
    </div>
  )
}

function Denial({ view, onCancel }: { view: ApprovalView; onCancel: () => void }) {
  const [reason, setReason] = useState('')
  const denial = useAgentChange(() =>
    sendDecision({
      approval_id: view.approval_id,
      agent_id: view.facts.agent_id,
      action: 'deny',
      ...(reason.trim() !== '' && { reason: reason.trim() }),
    }),
  )
  return (
    <form
      className="grid gap-4"
      onSubmit={(event: SubmitEvent) => {
        event.preventDefault()
        if (!denial.isPending) denial.mutate(undefined)
      }}
    >
      {denial.error !== null && (
        <Notice tone="danger" alert>
          {problemWords(denial.error)}
        </Notice>
      )}
      <TextField
        label="Reason (optional)"
        hint="The agent reads it, and so does whoever runs it."
        maxLength={500}
        autoComplete="off"
        autoFocus
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      <div className="flex flex-wrap gap-3">
        <Button type="submit" tone="danger" busy={denial.isPending}>
          Deny it
        </Button>
        <Button tone="secondary" onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </form>
  )
}
