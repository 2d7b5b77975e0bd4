import { useNavigate, useParams } from 'react-router'
import {
  deleteOrganization,
  leaveOrganization,
  renameOrganization,
  setActiveOrganization,
} from '../api/organizations.ts'
import type { FullOrganization } from '../api/organization-contract.ts'
import { Loaded } from '../components/account/loaded.tsx'
import { Rename } from '../components/account/rename.tsx'
import { BackLink } from '../components/back-link.tsx'
import { Button } from '../components/button.tsx'
import { ConfirmDialog } from '../components/confirm-dialog.tsx'
import { Notice } from '../components/notice.tsx'
import { InviteForm, OpenInvitations } from '../components/organizations/invitations.tsx'
import { Members } from '../components/organizations/members.tsx'
import { PageHeading } from '../components/page-heading.tsx'
import { CardSkeletons } from '../components/skeleton.tsx'
import { useOrganization, useOrganizationChange } from '../hooks/use-organizations.ts'
import { useSession } from '../hooks/use-session.ts'
import { roleWords, standingIn, type Standing } from '../lib/organization-words.ts'
import { problemWords } from '../lib/problem-words.ts'

/** One organization: who belongs to it, who is invited, and how to leave. */
export function OrganizationPage() {
  const { organizationId = '' } = useParams()
  return (
    <div className="grid gap-6">
      <BackLink to="/account/organizations">All organizations</BackLink>
      <Loaded
        query={useOrganization(organizationId)}
        skeleton={<CardSkeletons count={2} className="h-40" />}
      >
        {(organization) => <Organization organization={organization} />}
      </Loaded>
    </div>
  )
}

function Organization({ organization }: { organization: FullOrganization }) {
  const userId = useSession().data?.user.id
  const standing = standingIn(organization, userId)
  const rename = useOrganizationChange((name: string) => renameOrganization(organization.id, name))
  return (
    <>
      <div className="flex flex-wrap items-start justify-between gap-4">
        <PageHeading title={organization.name}>
          <p>You are here as: {roleWords(standing.me?.role ?? null).toLowerCase()}.</p>
        </PageHeading>
        <div className="flex flex-wrap gap-3">
          <WorkHere organizationId={organization.id} />
          {standing.manages && (
            <Rename
              what="organization"
              name={organization.name}
              onRename={(name) => rename.mutateAsync(name)}
            />
          )}
        </div>
      </div>
      <Members organization={organization} standing={standing} />
      {standing.manages && (
        <>
          <OpenInvitations organization={organization} />
          <InviteForm organization={organization} standing={standing} />
        </>
      )}
      <End organization={organization} standing={standing} />
    </>
  )
}

function WorkHere({ organizationId }: { organizationId: string }) {
  const active = useSession().data?.session.activeOrganizationId === organizationId
  const choice = useOrganizationChange(() => setActiveOrganization(active ? null : organizationId))
  return (
    <>
      <Button tone="secondary" busy={choice.isPending} onClick={() => choice.mutate(undefined)}>
        {active ? 'Stop working here' : 'Work here'}
      </Button>
      {choice.error !== null && (
        <Notice tone="danger" alert>
          {problemWords(choice.error)}
        </Notice>
      )}
    </>
  )
}

interface EndProps {
  organization: FullOrganization
  standing: Standing
}

function End({ organization, standing }: EndProps) {
  const navigate = useNavigate()
  const away = async (ending: Promise<unknown>): Promise<void> => {
    await ending
    await navigate('/account/organizations', { replace: true })
  }
  const leaving = useOrganizationChange(() => away(leaveOrganization(organization.id)))
  const deletion = useOrganizationChange(() => away(deleteOrganization(organization.id)))
  return (
    <section aria-labelledby="end" className="card divide-y divide-line">
      <h2 id="end" className="px-5 py-4 text-lg font-semibold sm:px-6">
        Leave or end it
      </h2>
      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 px-5 py-4 sm:px-6">
        <p className="min-w-0 flex-1 basis-64 text-sm text-muted">
          {standing.isLastOwner
            ? 'You are its only owner: make somebody else an owner before you leave.'
            : 'You lose access to everything that belongs to it.'}
        </p>
        {!standing.isLastOwner && (
          <ConfirmDialog
            trigger="Leave"
            title={`Leave ${organization.name}?`}
            confirm="Leave"
            onConfirm={() => leaving.mutateAsync(undefined)}
          >
            <p>To come back, somebody has to invite you again.</p>
          </ConfirmDialog>
        )}
      </div>
      {standing.isOwner && (
        <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 px-5 py-4 sm:px-6">
          <p className="min-w-0 flex-1 basis-64 text-sm text-muted">
            Ended, it is gone for everybody, with its API keys.
          </p>
          <ConfirmDialog
            trigger="End organization"
            triggerTone="caution"
            title={`End ${organization.name} for everybody?`}
            confirm="End organization"
            onConfirm={() => deletion.mutateAsync(undefined)}
          >
            <p>This cannot be undone.</p>
          </ConfirmDialog>
        </div>
      )}
    </section>
  )
}
