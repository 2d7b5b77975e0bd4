import { useState, type SubmitEvent } from 'react'
import { cancelInvitation, inviteMember } from '../../api/organizations.ts'
import type { FullOrganization, SentInvitation } from '../../api/organization-contract.ts'
import { useOrganizationChange } from '../../hooks/use-organizations.ts'
import { roles, roleWords, type Standing } from '../../lib/organization-words.ts'
import { problemWords } from '../../lib/problem-words.ts'
import { Moment } from '../account/facts.tsx'
import { Button } from '../button.tsx'
import { CopyLine } from '../copy-line.tsx'
import { Notice } from '../notice.tsx'
import { SelectField } from '../select-field.tsx'
import { TextField } from '../text-field.tsx'

/** The page that an invitation leads to. */
function invitationLink(id: string): string {
  return `${location.origin}/accept-invitation?id=${encodeURIComponent(id)}`
}

/** Invitations that wait for an answer. */
export function OpenInvitations({ organization }: { organization: FullOrganization }) {
  const open = organization.invitations.filter(({ status }) => status === 'pending')
  if (open.length === 0) return null
  return (
    <section aria-labelledby="invitations">
      <h2 id="invitations" className="mb-3 text-lg font-semibold">
        Invited
      </h2>
      <ul className="card divide-y divide-line">
        {open.map((invitation) => (
          <Invitation key={invitation.id} invitation={invitation} />
        ))}
      </ul>
    </section>
  )
}

function Invitation({ invitation }: { invitation: SentInvitation }) {
  const taking = useOrganizationChange(() => cancelInvitation(invitation.id))
  return (
    <li className="flex flex-wrap items-center gap-x-6 gap-y-3 px-5 py-4 sm:px-6">
      <div className="min-w-0 flex-1 basis-56">
        <p className="font-medium wrap-anywhere">{invitation.email}</p>
        <p className="text-sm text-muted">
          {roleWords(invitation.role)} · ends <Moment at={invitation.expiresAt} />
        </p>
      </div>
      <Button
        tone="secondary"
        busy={taking.isPending}
        aria-label={`Take back the invitation of ${invitation.email}`}
        onClick={() => taking.mutate(undefined)}
      >
        Take back
      </Button>
      {taking.error !== null && (
        <Notice tone="danger" alert>
          {problemWords(taking.error)}
        </Notice>
      )}
    </li>
  )
}

interface InviteFormProps {
  organization: FullOrganization
  standing: Standing
}

/** Invites somebody; the link can be passed on where no e-mail is sent. */
export function InviteForm({ organization, standing }: InviteFormProps) {
  const [email, setEmail] = useState('')
  const [role, setRole] = useState('member')
  const invitation = useOrganizationChange(async () => {
    const sent = await inviteMember({ organizationId: organization.id, email: email.trim(), role })
    setEmail('')
    return sent.id
  })
  return (
    <form
      className="card grid gap-4 p-5 sm:p-6"
      onSubmit={(event: SubmitEvent) => {
        event.preventDefault()
        if (!invitation.isPending) invitation.mutate(undefined)
      }}
    >
      <h2 className="text-lg font-semibold">Invite somebody</h2>
      <div className="flex flex-wrap gap-4">
        <TextField
          label="E-mail"
          className="min-w-0 flex-2 basis-56"
          type="email"
          required
          autoComplete="off"
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
        <SelectField
          label="Role"
          value={role}
          options={roles.filter(({ value }) => value !== 'owner' || standing.isOwner)}
          onChange={setRole}
        />
      </div>
      {invitation.error !== null && (
        <Notice tone="danger" alert>
          {problemWords(invitation.error)}
        </Notice>
      )}
      <Button type="submit" busy={invitation.isPending} className="justify-self-start">
        Invite
      </Button>
      {invitation.data !== undefined && (
        <div className="grid gap-3">
          <Notice tone="good" alert>
            The invitation is made. Where this server sends e-mail, it is on its way; you can also
            pass on this link yourself. It works for that address only.
          </Notice>
          <CopyLine label="Link of the invitation" text={invitationLink(invitation.data)} />
        </div>
      )}
    </form>
  )
}
