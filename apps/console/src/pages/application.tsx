import { useState } from 'react'
import { useNavigate, useParams } from 'react-router'
import { deleteClient, updateClient } from '../api/clients.ts'
import type { ClientInput, ClientView } from '../api/provider-contract.ts'
import { Moment } from '../components/account/facts.tsx'
import { Loaded } from '../components/account/loaded.tsx'
import { ActivityChart } from '../components/applications/activity-chart.tsx'
import { ClientFacts } from '../components/applications/client-card.tsx'
import { ClientForm } from '../components/applications/client-form.tsx'
import { ConnectedUsers } from '../components/applications/connected-users.tsx'
import { RotateSecret } from '../components/applications/rotate-secret.tsx'
import { BackLink } from '../components/back-link.tsx'
import { Badge } from '../components/badge.tsx'
import { Button } from '../components/button.tsx'
import { ConfirmDialog } from '../components/confirm-dialog.tsx'
import { PageHeading } from '../components/page-heading.tsx'
import { CardSkeletons } from '../components/skeleton.tsx'
import { useClient, useClientActivity, useClientChange } from '../hooks/use-clients.ts'
import { clientName, peopleWord, registrationWords } from '../lib/client-words.ts'

/** One application: what it is, who uses it, and everything that can be done about it. */
export function ApplicationPage() {
  const { clientId = '' } = useParams()
  return (
    <div className="grid gap-6">
      <BackLink to="/account/applications">All applications</BackLink>
      <Loaded query={useClient(clientId)} skeleton={<CardSkeletons count={3} className="h-32" />}>
        {(client) => <Client client={client} />}
      </Loaded>
    </div>
  )
}

function Client({ client }: { client: ClientView }) {
  const activity = useClientActivity(client.id)
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <PageHeading title={clientName(client)} />
        {client.disabled && <Badge tone="danger">Turned off</Badge>}
      </div>
      <ClientFacts client={client} />
      <Description client={client} />
      <section aria-labelledby="activity" className="card p-5 sm:p-6">
        <h2 id="activity" className="mb-3 text-lg font-semibold">
          Sign-ins and tokens
        </h2>
        <Loaded query={activity} skeleton={<CardSkeletons count={1} className="h-28" />}>
          {(days) => <ActivityChart days={days} />}
        </Loaded>
      </section>
      <ConnectedUsers client={client} />
      <RotateSecret client={client} />
      <End client={client} />
    </>
  )
}

function Description({ client }: { client: ClientView }) {
  const [editing, setEditing] = useState(false)
  const saving = useClientChange(async (input: Partial<ClientInput>) => {
    await updateClient(client.id, input)
    setEditing(false)
  })
  if (editing) {
    return (
      <ClientForm
        client={client}
        saving={saving}
        onSave={(input) => saving.mutate(input)}
        onCancel={() => setEditing(false)}
      />
    )
  }
  return (
    <section aria-labelledby="about" className="card grid gap-4 p-5 sm:p-6">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h2 id="about" className="text-lg font-semibold">
          About it
        </h2>
        {client.registration === 'manual' && (
          <Button tone="secondary" onClick={() => setEditing(true)}>
            Change
          </Button>
        )}
      </div>
      <dl className="grid gap-3.5 text-sm">
        <Line name="Description" values={client.description ? [client.description] : []} />
        <Line name="Client id" values={[client.client_id]} mono />
        <Line name="How it became known" values={[registrationWords[client.registration].title]} />
        <Line name="Home page" values={client.homepage_url ? [client.homepage_url] : []} mono />
        <Line name="Where people are sent back to" values={client.redirect_uris} mono />
        <Line
          name="Where they go after signing out"
          values={client.post_logout_redirect_uris}
          mono
        />
        <Line name="What it may ask for" values={client.scopes} mono />
        <div>
          <dt className="text-muted">Made</dt>
          <dd className="font-medium">
            <Moment at={client.created_at} never="Unknown" />
          </dd>
        </div>
      </dl>
    </section>
  )
}

interface LineProps {
  name: string
  values: readonly string[]
  mono?: boolean
}

function Line({ name, values, mono = false }: LineProps) {
  if (values.length === 0) return null
  return (
    <div>
      <dt className="text-muted">{name}</dt>
      {values.map((value) => (
        <dd key={value} className={`wrap-anywhere ${mono ? 'font-mono' : 'font-medium'}`}>
          {value}
        </dd>
      ))}
    </div>
  )
}

function End({ client }: { client: ClientView }) {
  const navigate = useNavigate()
  const name = clientName(client)
  const turning = useClientChange(() => updateClient(client.id, { disabled: !client.disabled }))
  const removal = useClientChange(async () => {
    await deleteClient(client.id)
    await navigate('/account/applications', { replace: true })
  })
  return (
    <section aria-labelledby="end" className="card divide-y divide-line">
      <h2 id="end" className="px-5 py-4 text-lg font-semibold sm:px-6">
        Take it away
      </h2>
      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 px-5 py-4 sm:px-6">
        <p className="min-w-0 flex-1 basis-64 text-sm text-muted">
          {client.disabled
            ? 'It is turned off: nobody can sign in to it, and its tokens count for nothing.'
            : 'Turned off, nobody can sign in to it, and its tokens count for nothing.'}
        </p>
        <ConfirmDialog
          trigger={client.disabled ? 'Turn on' : 'Turn off'}
          title={`Turn ${name} ${client.disabled ? 'on' : 'off'}?`}
          confirm={client.disabled ? 'Turn on' : 'Turn off'}
          onConfirm={() => turning.mutateAsync(undefined)}
        >
          <p>This can be undone at any time.</p>
        </ConfirmDialog>
      </div>
      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 px-5 py-4 sm:px-6">
        <p className="min-w-0 flex-1 basis-64 text-sm text-muted">
          Deleted, it is gone for good, with everything that people allowed it.
        </p>
        <ConfirmDialog
          trigger="Delete application"
          triggerTone="caution"
          title={`Delete ${name}?`}
          confirm="Delete application"
          onConfirm={() => removal.mutateAsync(undefined)}
        >
          <p>
            Used by: {peopleWord(client.user_count).toLowerCase()}. All its tokens end at once. This
            cannot be undone.
          </p>
        </ConfirmDialog>
      </div>
    </section>
  )
}
