import { Link } from 'react-router'
import { useApprovals } from '../../hooks/use-agents.ts'
import { approvalPath, asksWords } from '../../lib/approval-words.ts'
import { list, uncapitalise } from '../../lib/words.ts'
import { buttonClass } from '../button.tsx'
import { Moment } from './facts.tsx'

/** Requests that wait for this person; nothing when none does. */
export function WaitingApprovals() {
  const waiting = useApprovals().data ?? []
  if (waiting.length === 0) return null
  return (
    <section aria-labelledby="waiting" className="rounded-[0.875rem] bg-accent-soft p-5 sm:p-6">
      <h2 id="waiting" className="font-semibold">
        {waiting.length === 1 ? 'One request waits' : `${waiting.length} requests wait`} for you
      </h2>
      <ul className="mt-3 grid gap-3">
        {waiting.map((view) => (
          <li key={view.approval_id} className="flex flex-wrap items-center justify-between gap-3">
            <p className="min-w-0 flex-1 basis-64 wrap-anywhere">
              <q className="font-medium">{view.asserted.agent_name}</q>{' '}
              {view.capabilities.length === 0
                ? asksWords(view.kind)
                : `asks to ${list(view.capabilities.map(({ title }) => uncapitalise(title)))}`}{' '}
              <span className="text-sm text-muted">
                <Moment at={view.facts.requested_at} />
              </span>
            </p>
            <Link
              to={approvalPath(view.approval_id)}
              className={buttonClass('primary')}
              aria-label={`Look at it: request of ${view.asserted.agent_name}`}
            >
              Look at it
            </Link>
          </li>
        ))}
      </ul>
    </section>
  )
}
