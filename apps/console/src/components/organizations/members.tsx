import { removeMember, setMemberRole } from '../../api/organizations.ts'
import type { FullOrganization, MemberView } from '../../api/organization-contract.ts'
import { useOrganizationChange } from '../../hooks/use-organizations.ts'
import { roles, roleWords, type Standing } from '../../lib/organization-words.ts'
import { problemWords } from '../../lib/problem-words.ts'
import { Badge } from '../badge.tsx'
import { ConfirmDialog } from '../confirm-dialog.tsx'
import { Notice } from '../notice.tsx'

interface MembersProps {
  organization: FullOrganization
  standing: Standing
}

/** Who belongs to an organization, and as what. */
export function Members({ organization, standing }: MembersProps) {
  return (
    <section aria-labelledby="members">
      <h2 id="members" className="mb-3 text-lg font-semibold">
        Members
      </h2>
      <ul className="card divide-y divide-line">
        {organization.members.map((member) => (
          <Member
            key={member.id}
            organizationId={organization.id}
            member={member}
            standing={standing}
          />
        ))}
      </ul>
    </section>
  )
}

interface MemberProps {
  organizationId: string
  member: MemberView
  standing: Standing
}

function Member({ organizationId, member, standing }: MemberProps) {
  const { name, email } = member.user
  const isMe = member.id === standing.me?.id
  const removal = useOrganizationChange(() => removeMember(organizationId, member.id))
  // An owner is changed by owners only; the last one not at all.
  const isOwner = member.role.split(',').includes('owner')
  const mayChange = standing.manages && !isMe && (standing.isOwner || !isOwner)
  return (
    <li className="flex flex-wrap items-center gap-x-6 gap-y-3 px-5 py-4 sm:px-6">
      <div className="min-w-0 flex-1 basis-56">
        <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1 font-medium wrap-anywhere">
          {name}
          {isMe && <Badge tone="neutral">You</Badge>}
        </p>
        <p className="text-sm text-muted wrap-anywhere">{email}</p>
      </div>
      {mayChange ? (
        <>
          <Role organizationId={organizationId} member={member} standing={standing} />
          <ConfirmDialog
            trigger="Remove"
            triggerLabel={`Remove ${name}`}
            title={`Remove ${name}?`}
            confirm="Remove"
            onConfirm={() => removal.mutateAsync(undefined)}
          >
            <p>They lose access to everything that belongs to the organization, at once.</p>
          </ConfirmDialog>
        </>
      ) : (
        <p className="text-sm">{roleWords(member.role)}</p>
      )}
    </li>
  )
}

function Role({ organizationId, member, standing }: MemberProps) {
  const change = useOrganizationChange((role: string) =>
    setMemberRole({ organizationId, memberId: member.id, role }),
  )
  const known = roles.some(({ value }) => value === member.role)
  const options = roles.filter(({ value }) => value !== 'owner' || standing.isOwner)
  return (
    <div className="grid gap-2">
      <select
        className="field"
        aria-label={`Role of ${member.user.name}`}
        value={member.role}
        onChange={(event) => change.mutate(event.target.value)}
      >
        {!known && <option value={member.role}>{roleWords(member.role)}</option>}
        {options.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      {change.error !== null && (
        <Notice tone="danger" alert>
          {problemWords(change.error)}
        </Notice>
      )}
    </div>
  )
}
