import { Link } from 'react-router'
import type { ApprovalView } from '../api/contract.ts'
import type { BackchannelView } from '../api/provider-contract.ts'
import { Loaded } from '../components/account/loaded.tsx'
import { BackchannelRequest } from '../components/approval/backchannel-request.tsx'
import { InboxRequest } from '../components/approval/inbox-request.tsx'
import { buttonClass } from '../components/button.tsx'
import { PageHeading } from '../components/page-heading.tsx'
import { CardSkeletons } from '../components/skeleton.tsx'
import { useApprovals } from '../hooks/use-agents.ts'
import { useBackchannel } from '../hooks/use-interaction.ts'

/** The requests that wait for the person, under the apps they connected. */
export function ApprovalsPage() {
  const approvals = useApprovals()
  const requests = useBackchannel().data ?? []
  return (
    <div className="grid gap-6">
      <PageHeading title="Approvals">
        <p>What agents and apps ask of you. Nothing happens until you decide.</p>
      </PageHeading>
      <Loaded query={approvals} skeleton={<CardSkeletons count={2} className="h-52" />}>
        {(all) =>
          all.length + requests.length === 0 ? (
            <NothingWaits />
          ) : (
            <Inbox approvals={all} requests={requests} />
          )
        }
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

interface InboxProps {
  approvals: readonly ApprovalView[]
  /** Of applications. */
  requests: readonly BackchannelView[]
}

function Inbox({ approvals, requests }: InboxProps) {
  const soonest = [...approvals, ...requests].toSorted((a, b) =>
    a.expires_at.localeCompare(b.expires_at),
  )
  return (
    <ul className="grid gap-4">
      {soonest.map((view) =>
        'ticket' in view ? (
          <BackchannelRequest key={view.id} view={view} />
        ) : (
          <InboxRequest key={view.approval_id} view={view} />
        ),
      )}
    </ul>
  )
}
