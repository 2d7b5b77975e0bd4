import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useSearchParams } from 'react-router'
import { sendVerificationEmail } from '../api/auth.ts'
import { acceptInvitation, rejectInvitation } from '../api/organizations.ts'
import type { InvitationView } from '../api/organization-contract.ts'
import { Button, buttonClass } from '../components/button.tsx'
import { FocusedLayout } from '../components/focused-layout.tsx'
import { Notice } from '../components/notice.tsx'
import { PageHeading } from '../components/page-heading.tsx'
import { CardSkeletons } from '../components/skeleton.tsx'
import { Unavailable } from '../components/unavailable.tsx'
import { useInvitation, useOrganizationChange } from '../hooks/use-organizations.ts'
import { useSession } from '../hooks/use-session.ts'
import { isUnavailable } from '../lib/api-error.ts'
import { invitationProblem } from '../lib/invitation-words.ts'
import { roleWords } from '../lib/organization-words.ts'
import { problemWords } from '../lib/problem-words.ts'

/** Where the link of an invitation leads: a person joins the organization, or declines. */
export function AcceptInvitationPage() {
  const [params] = useSearchParams()
  const id = params.get('id') ?? ''
  const email = useSession().data?.user.email
  return (
    <FocusedLayout aside={<p className="text-sm text-muted wrap-anywhere">Signed in as {email}</p>}>
      <Invitation id={id} />
    </FocusedLayout>
  )
}

function Invitation({ id }: { id: string }) {
  const { data: invitation, error } = useInvitation(id)
  const [answered, setAnswered] = useState<'joined' | 'declined'>()
  if (answered !== undefined) return <Answered how={answered} name={invitation?.organizationName} />
  if (invitation !== undefined) {
    return <Answer invitation={invitation} onAnswered={setAnswered} />
  }
  if (isUnavailable(error)) return <Unavailable />
  if (id !== '' && error === null) return <CardSkeletons count={1} className="h-56" />
  return <Problem error={error} />
}

interface AnswerProps {
  invitation: InvitationView
  onAnswered: (how: 'joined' | 'declined') => void
}

function Answer({ invitation, onAnswered }: AnswerProps) {
  const { id, organizationName, inviterEmail, role } = invitation
  const answer = useOrganizationChange(async (joins: boolean) => {
    await (joins ? acceptInvitation(id) : rejectInvitation(id))
    onAnswered(joins ? 'joined' : 'declined')
  })
  if (answer.error !== null && invitationProblem(answer.error).canConfirm) {
    return <Problem error={answer.error} />
  }
  return (
    <div className="card p-6 sm:p-8">
      <PageHeading title={`Join ${organizationName}?`}>
        <p className="wrap-anywhere">
          {inviterEmail} invites you, as: {roleWords(role).toLowerCase()}. Members see your name and
          your e-mail address.
        </p>
      </PageHeading>
      {answer.error !== null && (
        <div className="mt-4">
          <Notice tone="danger" alert>
            {problemWords(answer.error)}
          </Notice>
        </div>
      )}
      <div className="mt-6 grid grid-cols-2 gap-3">
        <Button tone="secondary" busy={answer.isPending} onClick={() => answer.mutate(false)}>
          Decline
        </Button>
        <Button busy={answer.isPending} onClick={() => answer.mutate(true)}>
          Join
        </Button>
      </div>
    </div>
  )
}

function Answered({ how, name }: { how: 'joined' | 'declined'; name: string | undefined }) {
  return (
    <div className="card p-6 sm:p-8">
      <PageHeading title={how === 'joined' ? `You joined ${name ?? 'it'}` : 'Declined'}>
        <p>
          {how === 'joined'
            ? 'You work there now, and can leave at any time.'
            : 'Nothing has changed. You can close this page.'}
        </p>
      </PageHeading>
      <Link to="/account/organizations" className={`mt-6 ${buttonClass('secondary')}`}>
        See your organizations
      </Link>
    </div>
  )
}

function Problem({ error }: { error: unknown }) {
  const { title, text, canConfirm } = invitationProblem(error)
  return (
    <div className="card p-6 sm:p-8">
      <PageHeading title={title}>
        <p>{text}</p>
      </PageHeading>
      {canConfirm ? (
        <ConfirmAddress />
      ) : (
        <Link to="/account/organizations" className={`mt-6 ${buttonClass('secondary')}`}>
          See your organizations
        </Link>
      )}
    </div>
  )
}

function ConfirmAddress() {
  const email = useSession().data?.user.email ?? ''
  const sending = useMutation({
    mutationFn: () => sendVerificationEmail(email, location.pathname + location.search),
  })
  if (sending.isSuccess) {
    return (
      <div className="mt-6">
        <Notice tone="good" alert>
          The link is on its way to {email}. It leads back here.
        </Notice>
      </div>
    )
  }
  return (
    <div className="mt-6 grid gap-4">
      {sending.error !== null && (
        <Notice tone="danger" alert>
          {problemWords(sending.error)}
        </Notice>
      )}
      <Button
        className="justify-self-start"
        busy={sending.isPending}
        onClick={() => sending.mutate()}
      >
        Send the link
      </Button>
    </div>
  )
}
