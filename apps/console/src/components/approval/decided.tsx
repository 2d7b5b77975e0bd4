import type { ApprovalKind } from '../../api/contract.ts'
import type { Verdict } from '../../hooks/use-decision.ts'
import { OutcomePage } from './outcome-page.tsx'

interface DecidedProps {
  verdict: Verdict
  kind: ApprovalKind
  agentId: string
}

/** What became of a request that was decided just now. */
export function Decided({ verdict, kind, agentId }: DecidedProps) {
  if (verdict.action === 'deny') {
    return (
      <OutcomePage
        icon="cross"
        tone="neutral"
        title="Denied"
        text={
          kind === 'claim'
            ? 'Nothing changes: the app does not belong to you. You can close this page.'
            : 'The agent may do nothing of what it asked. You can close this page.'
        }
        // A denied newcomer never became this person's agent.
        agentId={kind === 'registration' || kind === 'claim' ? undefined : agentId}
      />
    )
  }
  if (kind === 'claim') {
    return (
      <OutcomePage
        icon="check"
        tone="good"
        title="It is yours"
        text="The app is connected to you. The agents that worked on their own are over; what they did stands in your history."
        agentId={agentId}
      />
    )
  }
  return (
    <OutcomePage
      icon="check"
      tone="good"
      title="Allowed"
      text="Your agent can go on. You can close this page."
      sentences={verdict.sentences}
      agentId={agentId}
    />
  )
}
