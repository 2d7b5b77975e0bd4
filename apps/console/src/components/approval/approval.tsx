import type { ApprovalView } from '../../api/contract.ts'
import { useChoices, type ChosenCapability } from '../../hooks/use-choices.ts'
import type { Closed } from '../../hooks/use-closed.ts'
import { useDecision, type Verdict } from '../../hooks/use-decision.ts'
import { decide } from '../../lib/decide.ts'
import { problemWords } from '../../lib/problem-words.ts'
import { allowanceSentence } from '../../lib/sentence.ts'
import { Notice } from '../notice.tsx'
import { PageHeading } from '../page-heading.tsx'
import { Reauthenticate } from '../reauthenticate.tsx'
import { CapabilityCard } from './capability-card.tsx'
import { Countdown } from './countdown.tsx'
import { DecisionBar } from './decision-bar.tsx'
import { ClosedRequest, OutcomePage } from './outcome-page.tsx'
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
}

/** One request from first look to result. */
export function Approval({ view, code, closed, refresh }: ApprovalProps) {
  const chosen = useChoices(view.capabilities)
  const decision = useDecision()
  if (decision.done !== undefined) {
    const { verdict, answer } = decision.done
    return <Decided verdict={verdict} kind={view.kind} agentId={answer.agent_id} />
  }
  if (closed !== undefined) return <ClosedRequest status={closed} />

  return (
    <div className="grid gap-5">
      <PageHeading title={titles[view.kind]}>
        <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
          <p>to use {view.provider_name} for you</p>
          <Countdown expiresAt={view.expires_at} />
        </div>
      </PageHeading>
      <RequestFacts view={view} code={code} />
      <SelfDescription asserted={view.asserted} />
      <Capabilities chosen={chosen} />
      <Decide view={view} chosen={chosen} decision={decision} refresh={refresh} />
    </div>
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
  refresh: () => void
}

function Decide({ view, chosen, decision, refresh }: DecideProps) {
  const decideNow = (action: Verdict['action'], withPasskey: boolean): void =>
    decision.decide({
      approvalId: view.approval_id,
      action,
      withPasskey,
      // Read again at this moment, because "today" ends at midnight.
      decisions: chosen.map(({ asked, choice }) => decide(asked, choice, new Date()).decision),
      sentences: allowedSentences(chosen),
    })
  const stale = decision.waiting !== undefined || !view.fresh_session.fresh
  return (
    <>
      {decision.error !== null && (
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

interface DecidedProps {
  verdict: Verdict
  kind: ApprovalView['kind']
  agentId: string
}

function Decided({ verdict, kind, agentId }: DecidedProps) {
  if (verdict.action === 'deny') {
    return (
      <OutcomePage
        icon="cross"
        tone="neutral"
        title="Denied"
        text="The agent may do nothing of what it asked. You can close this page."
        // A denied newcomer never became this person's agent.
        agentId={kind === 'registration' ? undefined : agentId}
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
