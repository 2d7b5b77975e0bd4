import { useState, type SubmitEvent } from 'react'
import { Link, useNavigate } from 'react-router'
import { acceptInvitation, createOrganization, rejectInvitation } from '../api/organizations.ts'
import type { OrganizationView } from '../api/organization-contract.ts'
import { Fact, FactRow, Moment } from '../components/account/facts.tsx'
import { Loaded } from '../components/account/loaded.tsx'
import { Badge } from '../components/badge.tsx'
import { Button } from '../components/button.tsx'
import { Icon } from '../components/icon.tsx'
import { Notice } from '../components/notice.tsx'
import { PageHeading } from '../components/page-heading.tsx'
import { CardSkeletons } from '../components/skeleton.tsx'
import { TextField } from '../components/text-field.tsx'
import {
  useInvitations,
  useOrganizationChange,
  useOrganizations,
} from '../hooks/use-organizations.ts'
import { useSession } from '../hooks/use-session.ts'
import { slugOf } from '../lib/organization-words.ts'
import { problemWords } from '../lib/problem-words.ts'

/** The organizations the person belongs to. */
export function OrganizationsPage() {
  const organizations = useOrganizations()
  return (
    <div className="grid gap-6">
      <PageHeading title="Organizations">
        <p>Who you work with. Apps and API keys can belong to an organization instead of you.</p>
      </PageHeading>
      <Invitations />
      <Loaded query={organizations} skeleton={<CardSkeletons count={2} className="h-28" />}>
        {(all) =>
          all.length === 0 ? (
            <p className="card p-5 text-muted sm:p-6">You belong to no organization yet.</p>
          ) : (
            <ul className="grid gap-4">
              {all.map((organization) => (
                <OrganizationCard key={organization.id} organization={organization} />
              ))}
            </ul>
          )
        }
      </Loaded>
      <NewOrganization />
    </div>
  )
}

function OrganizationCard({ organization }: { organization: OrganizationView }) {
  const active = useSession().data?.session.activeOrganizationId === organization.id
  return (
    <li className="card relative grid gap-4 p-5 transition-colors hover:border-control sm:p-6">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <h2 className="min-w-0 text-lg font-semibold wrap-anywhere">
          <Link
            to={`/account/organizations/${organization.id}`}
            className="rounded-sm after:absolute after:inset-0 after:rounded-[0.875rem]"
          >
            {organization.name}
          </Link>
        </h2>
        {active && (
          <Badge tone="good" icon="check">
            You work here now
          </Badge>
        )}
        <Icon name="arrow" className="ml-auto size-5 text-muted" />
      </div>
      <FactRow>
        <Fact name="Made">
          <Moment at={organization.createdAt} />
        </Fact>
      </FactRow>
    </li>
  )
}

function Invitations() {
  const invitations = useInvitations().data ?? []
  if (invitations.length === 0) return null
  return (
    <section aria-labelledby="invited" className="rounded-[0.875rem] bg-accent-soft p-5 sm:p-6">
      <h2 id="invited" className="font-semibold">
        You are invited
      </h2>
      <ul className="mt-3 grid gap-3">
        {invitations.map(({ id, organizationName }) => (
          <Invitation key={id} id={id} name={organizationName} />
        ))}
      </ul>
    </section>
  )
}

function Invitation({ id, name }: { id: string; name: string }) {
  const answer = useOrganizationChange((accepts: boolean) =>
    accepts ? acceptInvitation(id) : rejectInvitation(id),
  )
  return (
    <li className="flex flex-wrap items-center justify-between gap-3">
      <p className="min-w-0 flex-1 basis-48 font-medium wrap-anywhere">{name}</p>
      <div className="flex gap-3">
        <Button
          busy={answer.isPending}
          aria-label={`Join ${name}`}
          onClick={() => answer.mutate(true)}
        >
          Join
        </Button>
        <Button
          tone="secondary"
          busy={answer.isPending}
          aria-label={`Decline ${name}`}
          onClick={() => answer.mutate(false)}
        >
          Decline
        </Button>
      </div>
      {answer.error !== null && (
        <Notice tone="danger" alert>
          {problemWords(answer.error)}
        </Notice>
      )}
    </li>
  )
}

function NewOrganization() {
  const navigate = useNavigate()
  const [name, setName] = useState('')
  const making = useOrganizationChange(async () => {
    const made = await createOrganization(name.trim(), slugOf(name, randomPart()))
    await navigate(`/account/organizations/${made.id}`)
  })
  return (
    <form
      className="card grid gap-4 p-5 sm:p-6"
      onSubmit={(event: SubmitEvent) => {
        event.preventDefault()
        if (!making.isPending) making.mutate(undefined)
      }}
    >
      <h2 className="text-lg font-semibold">Make an organization</h2>
      <TextField
        label="Name"
        className="max-w-104"
        required
        maxLength={120}
        autoComplete="organization"
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      {making.error !== null && (
        <Notice tone="danger" alert>
          {problemWords(making.error)}
        </Notice>
      )}
      <Button type="submit" busy={making.isPending} className="justify-self-start">
        Make it
      </Button>
    </form>
  )
}

function randomPart(): string {
  return crypto.getRandomValues(new Uint32Array(1))[0]?.toString(36) ?? ''
}
