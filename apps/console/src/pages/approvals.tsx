import { Link } from 'react-router'
import type { ApprovalView } from '../api/contract.ts'
import { Loaded } from '../components/account/loaded.tsx'
import { InboxRequest } from '../components/approval/inbox-request.tsx'
import { buttonClass } from '../components/button.tsx'
import { PageHeading } from '../components/page-heading.tsx'
import { CardSkeletons } from '../components/skeleton.tsx'
import { useApprovals } from '../hooks/use-agents.ts'

/** The requests that wait for the person, under the apps they connected. */
export function ApprovalsPage() {
  const approvals = useApprovals()
  return (
    <div className="grid gap-6">
      <PageHeading title="Approvals">
        <p>What agents of your connected apps ask for. Nothing happens until you decide.</p>
      </PageHeading>
      <Loaded query={approvals} skeleton={<CardSkeletons count={2} className="h-52" />}>
        {(all) => (all.length === 0 ? <NothingWaits /> : <Inbox approvals={all} />)}
      </Loaded>
    </div>
  )
}

function NothingWaits() {
  return (
    <section aria-labelledby="none" className="card p-6 sm:p-8">
      <h2 id="none" className="text-lg font-semibold">
        Nothing waits for you
      </h2>
      <p className="mt-1.5 mb-5 max-w-prose text-muted">
        Requests of connected apps appear here by themselves. An app that is new here shows you a
        code instead.
      </p>
      <Link to="/device" className={buttonClass('secondary')}>
        Enter a code
      </Link>
    </section>
  )
}

function Inbox({ approvals }: { approvals: readonly ApprovalView[] }) {
  const soonest = approvals.toSorted((a, b) => a.expires_at.localeCompare(b.expires_at))
  return (
    <ul className="grid gap-4">
      {soonest.map((view) => (
        <InboxRequest key={view.approval_id} view={view} />
      ))}
    </ul>
  )
}
