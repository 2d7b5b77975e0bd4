import { useState } from 'react'
import type { ApprovalView } from '../../api/contract.ts'
import { useChoices, type ChosenCapability } from '../../hooks/use-choices.ts'
import type { Closed } from '../../hooks/use-closed.ts'
import { useDecision, type Verdict } from '../../hooks/use-decision.ts'
import { useReview } from '../../hooks/use-review.ts'
import { decide } from '../../lib/decide.ts'
import { problemWords } from '../../lib/problem-words.ts'
import { allowanceSentence } from '../../lib/sentence.ts'
import { Button } from '../button.tsx'
import { Notice } from '../notice.tsx'
import { PageHeading } from '../page-heading.tsx'
import { Reauthenticate } from '../reauthenticate.tsx'
import { CapabilityCard } from './capability-card.tsx'
import { AlsoClaimed, ClaimedAgents } from './claimed-agents.tsx'
import { Countdown } from './countdown.tsx'
import { Decided } from './decided.tsx'
import { DecisionBar } from './decision-bar.tsx'
import { ClosedRequest } from './outcome-page.tsx'
import { RequestFacts } from './request-facts.tsx'
import { SelfDescription } from './self-description.tsx'

interface ApprovalProps {
  view: ApprovalView
  code: string | undefined
  closed: Closed | undefined
  refresh: () => void
}

const titles: Readonly<Record<ApprovalView['kind'], string>> = {
  registration: 'An agent asks for your permission',
  capabilities: 'An agent asks for more permissions',
  reactivation: 'An agent asks to continue',
  claim: 'An app asks to belong to you',
}

/** One request from first look to result. */
export function Approval({ view, code, closed, refresh }: ApprovalProps) {
  const chosen = useChoices(view.capabilities, view.approval_digest)
  const decision = useDecision()
  const review = useReview(view.approval_digest, decision.error, refresh)
  if (decision.done !== undefined) {
    const { verdict, answer } = decision.done
    return <Decided verdict={verdict} kind={view.kind} agentId={answer.agent_id} />
  }
  if (closed !== undefined) return <ClosedRequest status={closed} />

  return (
    <div className="grid gap-5">
      <PageHeading title={titles[view.kind]}>
        <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
          <p>
            {view.kind === 'claim'
              ? `at ${view.provider_name}`
              : `to use ${view.provider_name} for you`}
          </p>
          <Countdown expiresAt={view.expires_at} />
        </div>
      </PageHeading>
      {review.changed && (
        <Changed
          onRead={() => {
            review.accept()
            decision.reset()
          }}
        />
      )}
      <RequestFacts view={view} code={code} />
      <SelfDescription asserted={view.asserted} />
      {view.kind === 'claim' ? (
        <ClaimedAgents approvalId={view.approval_id} />
      ) : (
        !view.facts.host_known && <AlsoClaimed approvalId={view.approval_id} />
      )}
      <Capabilities chosen={chosen} />
      <Decide
        view={view}
        chosen={chosen}
        decision={decision}
        changed={review.changed}
        refresh={refresh}
      />
    </div>
  )
}

function Changed({ onRead }: { onRead: () => void }) {
  return (
    <Notice tone="warn" alert>
      <p className="font-semibold">This request has changed since you opened it.</p>
      <p className="mt-1 mb-3">
        Below is what it says now. What you had chosen is gone. Read it again before you decide.
      </p>
      <Button tone="secondary" onClick={onRead}>
        I have read it again
      </Button>
    </Notice>
  )
}

function Capabilities({ chosen }: { chosen: readonly ChosenCapability[] }) {
  if (chosen.length === 0) return null
  return (
    <section aria-labelledby="asks">
      <h2 id="asks" className="mt-3 mb-3 text-lg font-semibold">
        What it asks for
      </h2>
      <ul className="grid gap-4">
        {chosen.map((one) => (
          <CapabilityCard key={one.asked.capability} chosen={one} />
        ))}
      </ul>
    </section>
  )
}

interface DecideProps {
  view: ApprovalView
  chosen: readonly ChosenCapability[]
  decision: ReturnType<typeof useDecision>
  /** The request is not what the person saw first. */
  changed: boolean
  refresh: () => void
}

function Decide({ view, chosen, decision, changed, refresh }: DecideProps) {
  const [reason, setReason] = useState('')
  const decideNow = (action: Verdict['action'], withPasskey: boolean): void =>
    decision.decide({
      approvalId: view.approval_id,
      digest: view.approval_digest,
      agentId: view.facts.agent_id,
      action,
      withPasskey,
      ...(reason.trim() !== '' && { reason: reason.trim() }),
      // Read again at this moment, because "today" ends at midnight.
      decisions: chosen.map(({ asked, choice }) => decide(asked, choice, new Date()).decision),
      sentences: allowedSentences(chosen),
    })
  const stale = decision.waiting !== undefined || !view.fresh_session.fresh
  return (
    <>
      {decision.error !== null && !changed && (
        <Notice tone="danger" alert>
          {problemWords(decision.error)}
        </Notice>
      )}
      {stale && (
        <Reauthenticate
          reason="It has been a while since you signed in. What you chose above stays as it is."
          onDone={() => {
            refresh()
            decision.goOn()
          }}
          onCancel={decision.waiting && decision.giveUp}
        />
      )}
      <DecisionBar
        view={view}
        chosen={chosen}
        stale={stale}
        changed={changed}
        reason={reason}
        onReason={setReason}
        sending={decision.sending}
        onDecide={decideNow}
      />
    </>
  )
}

function allowedSentences(chosen: readonly ChosenCapability[]): string[] {
  return chosen
    .filter(({ choice }) => choice.allow)
    .map(({ asked, choice, decision }) => allowanceSentence(asked.title, decision, choice.duration))
}
