import { Link } from 'react-router'
import type { Closed } from '../../hooks/use-closed.ts'
import { buttonClass } from '../button.tsx'
import { Icon, type IconName } from '../icon.tsx'
import { PageHeading } from '../page-heading.tsx'

interface OutcomePageProps {
  icon: IconName
  tone: 'good' | 'neutral'
  title: string
  text: string
  /** One sentence per thing that is allowed now. */
  sentences?: readonly string[]
  agentId?: string | undefined
  /** Where to go on, where that is no agent. */
  link?: { to: string; label: string }
}

/** The end of a request: what happened, and that the page can be closed. */
export function OutcomePage({
  icon,
  tone,
  title,
  text,
  sentences = [],
  agentId,
  link = agentLink(agentId),
}: OutcomePageProps) {
  const ring = tone === 'good' ? 'bg-good-soft text-good' : 'bg-sunken text-muted'
  return (
    <div className="card p-6 sm:p-8">
      <span className={`mb-4 flex size-12 items-center justify-center rounded-full ${ring}`}>
        <Icon name={icon} className="size-6" />
      </span>
      <PageHeading title={title}>
        <p>{text}</p>
      </PageHeading>
      {sentences.length > 0 && (
        <ul className="mt-5 grid gap-2.5 border-y border-line py-4">
          {sentences.map((sentence) => (
            <li key={sentence} className="flex gap-2.5 tabular-nums wrap-anywhere">
              <Icon name="check" className="mt-1 size-4 text-good" />
              {sentence}
            </li>
          ))}
        </ul>
      )}
      <Link to={link.to} className={`mt-6 ${buttonClass('secondary')}`}>
        {link.label}
      </Link>
    </div>
  )
}

function agentLink(agentId: string | undefined) {
  return agentId === undefined
    ? { to: '/account/agents', label: 'See your agents' }
    : { to: `/account/agents/${agentId}`, label: 'See this agent' }
}

/** For a request that somebody decided elsewhere, or nobody decided in time. */
export function ClosedRequest({ status }: { status: Closed }) {
  if (status === 'expired') {
    return (
      <OutcomePage
        icon="clock"
        tone="neutral"
        title="This request has expired"
        text="Nothing was allowed. Ask your agent to send a new request."
      />
    )
  }
  const how = status === 'decided' ? 'decided' : status === 'approved' ? 'allowed' : 'denied'
  return (
    <OutcomePage
      icon={status === 'denied' ? 'cross' : 'check'}
      tone="neutral"
      title={`This request was already ${how}`}
      text="It was decided before, perhaps in another window. You can close this page."
    />
  )
}
