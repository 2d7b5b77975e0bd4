import { useEffect, useState, type ReactNode, type SubmitEvent } from 'react'
import { Link } from 'react-router'
import { createClient } from '../api/clients.ts'
import type { NewClient } from '../api/provider-contract.ts'
import { clientPath } from '../components/applications/client-card.tsx'
import { ScopePicker } from '../components/applications/scope-picker.tsx'
import { SecretCard } from '../components/applications/secret-card.tsx'
import { BackLink } from '../components/back-link.tsx'
import { Button, buttonClass } from '../components/button.tsx'
import { PageHeading } from '../components/page-heading.tsx'
import { Problem } from '../components/problem.tsx'
import { SelectField } from '../components/select-field.tsx'
import { TextArea, TextField } from '../components/text-field.tsx'
import { useClientChange, useScopes } from '../hooks/use-clients.ts'
import { useOrganizations } from '../hooks/use-organizations.ts'
import { useSession } from '../hooks/use-session.ts'
import { clientKinds, readLines, redirectsProblem, type ClientKind } from '../lib/client-words.ts'
import { isAdministrator } from '../lib/person.ts'

/** Makes an application, step by step, and ends with its settings. */
export function NewApplicationPage() {
  const [made, setMade] = useState<NewClient>()
  return (
    <div className="grid max-w-170 gap-6">
      <BackLink to="/account/applications">All applications</BackLink>
      {made === undefined ? <Wizard onMade={setMade} /> : <Made made={made} />}
    </div>
  )
}

interface Draft {
  kind: ClientKind | undefined
  name: string
  homepage: string
  redirects: string
  /** The organization it belongs to; empty is the server's own. */
  organization: string
  /** Those of the catalogue's default until somebody chooses. */
  scopes: readonly string[] | undefined
}

const steps = ['kind', 'name', 'redirects', 'scopes'] as const
type Step = (typeof steps)[number]

const titles: Readonly<Record<Step, string>> = {
  kind: 'What kind of application?',
  name: 'What is it called?',
  redirects: 'Where are people sent back to?',
  scopes: 'What may it ask for?',
}

function Wizard({ onMade }: { onMade: (made: NewClient) => void }) {
  const [step, setStep] = useState<Step>('kind')
  const [draft, setDraft] = useState<Draft>({
    kind: undefined,
    name: '',
    homepage: '',
    redirects: '',
    organization: '',
    scopes: undefined,
  })
  const defaults = useScopes()
    .data?.filter((scope) => scope.default)
    .map(({ name }) => name)
  const scopes = draft.scopes ?? defaults ?? []
  const change = (part: Partial<Draft>): void => setDraft({ ...draft, ...part })
  const path = steps.filter((one) => one !== 'redirects' || draft.kind?.hasRedirect !== false)
  const making = useClientChange(async () => {
    const { kind, name, homepage, organization, redirects } = draft
    if (kind === undefined) return
    const input = {
      name: name.trim(),
      homepage_url: homepage.trim() || null,
      client_type: kind.type,
      grant_types: kind.grants,
      redirect_uris: kind.hasRedirect ? readLines(redirects) : [],
      scopes,
      ...(organization !== '' && { organization_id: organization }),
    }
    onMade(await createClient(input))
  })
  const make = (): void => making.mutate(undefined)
  const move = (by: number): void => {
    const next = path[path.indexOf(step) + by]
    if (next !== undefined) setStep(next)
    else if (by > 0 && !making.isPending) make()
  }
  const isLast = step === path.at(-1)
  return (
    <StepForm
      key={step}
      title={titles[step]}
      place={`Step ${path.indexOf(step) + 1} of ${path.length}`}
      problem={problemOf(step, draft)}
      onNext={() => move(1)}
      onBack={step === 'kind' ? undefined : () => move(-1)}
      next={isLast ? 'Make the application' : 'Continue'}
      busy={making.isPending}
    >
      {(problem) => (
        <>
          {step === 'kind' && (
            <KindChoice kind={draft.kind} onChange={(kind) => change({ kind })} />
          )}
          {step === 'name' && <NameFields draft={draft} onChange={change} />}
          {step === 'redirects' && (
            <TextArea
              label="Addresses"
              hint={`One on each line, such as ${draft.kind?.example ?? ''}. The app must name one of them exactly.`}
              rows={4}
              spellCheck={false}
              value={draft.redirects}
              problem={problem}
              onChange={(event) => change({ redirects: event.target.value })}
            />
          )}
          {step === 'scopes' && (
            <ScopePicker chosen={scopes} onChange={(chosen) => change({ scopes: chosen })} />
          )}
          {step !== 'redirects' && problem !== undefined && (
            <p role="alert" className="text-sm font-medium text-danger">
              {problem}
            </p>
          )}
          <Problem attempt={making} to="make an application" again={make} />
        </>
      )}
    </StepForm>
  )
}

function problemOf(step: Step, { kind, redirects }: Draft): string | undefined {
  if (step === 'kind' && kind === undefined) return 'Choose one.'
  return step === 'redirects' ? redirectsProblem(readLines(redirects)) : undefined
}

interface StepFormProps {
  title: string
  place: string
  problem: string | undefined
  next: string
  busy: boolean
  onNext: () => void
  onBack: (() => void) | undefined
  /** Gets the problem once somebody tried to go on with it. */
  children: (problem: string | undefined) => ReactNode
}

function StepForm(props: StepFormProps) {
  const { title, place, problem, next, busy, onNext, onBack, children } = props
  const [checked, setChecked] = useState(false)
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    setChecked(true)
    if (problem === undefined) onNext()
  }
  return (
    <form onSubmit={submit} className="grid gap-5">
      <PageHeading title={title}>
        <p>Add an application · {place}</p>
      </PageHeading>
      <div className="card grid gap-5 p-5 sm:p-6">{children(checked ? problem : undefined)}</div>
      <div className="flex flex-wrap gap-3">
        <Button type="submit" busy={busy}>
          {next}
        </Button>
        {onBack !== undefined && (
          <Button tone="secondary" onClick={onBack}>
            Back
          </Button>
        )}
      </div>
    </form>
  )
}

interface KindChoiceProps {
  kind: ClientKind | undefined
  onChange: (kind: ClientKind) => void
}

function KindChoice({ kind, onChange }: KindChoiceProps) {
  return (
    <fieldset className="grid gap-3">
      <legend className="sr-only">Kind</legend>
      {clientKinds.map((one) => (
        <label
          key={one.id}
          className="flex items-start gap-3.5 rounded-lg border border-control px-4 py-3 transition-colors hover:bg-sunken has-checked:border-accent has-checked:bg-accent-soft"
        >
          <input
            type="radio"
            name="kind"
            checked={kind?.id === one.id}
            onChange={() => onChange(one)}
            className="mt-0.5 size-5 shrink-0 accent-accent"
          />
          <span className="min-w-0">
            <span className="block font-medium">{one.title}</span>
            <span className="block text-sm text-muted">{one.text}</span>
          </span>
        </label>
      ))}
    </fieldset>
  )
}

interface NameFieldsProps {
  draft: Draft
  onChange: (part: Partial<Draft>) => void
}

function NameFields({ draft, onChange }: NameFieldsProps) {
  return (
    <>
      <TextField
        label="Name"
        hint="People see it when the app asks for access."
        required
        maxLength={120}
        autoComplete="off"
        value={draft.name}
        onChange={(event) => onChange({ name: event.target.value })}
      />
      <TextField
        label="Home page (optional)"
        type="url"
        placeholder="https://app.example.com"
        autoComplete="off"
        value={draft.homepage}
        onChange={(event) => onChange({ homepage: event.target.value })}
      />
      <Owner draft={draft} onChange={onChange} />
    </>
  )
}

/** Whose the application is; nothing to choose for somebody without organizations. */
function Owner({ draft, onChange }: NameFieldsProps) {
  const organizations = useOrganizations().data ?? []
  const isAdmin = isAdministrator(useSession().data?.user.role)
  if (organizations.length === 0) return null
  return (
    <SelectField
      label="Belongs to"
      value={draft.organization}
      options={[
        { value: '', label: isAdmin ? 'This server' : 'Where you work now' },
        ...organizations.map(({ id, name }) => ({ value: id, label: name })),
      ]}
      onChange={(organization) => onChange({ organization })}
    />
  )
}

function Made({ made: { client, client_secret: secret } }: { made: NewClient }) {
  useEffect(() => {
    if (!secret) return undefined
    // The secret is nowhere else: leaving by mistake would lose it.
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault()
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  }, [secret])
  return (
    <>
      <PageHeading title={`${client.name ?? 'The application'} is ready`}>
        <p>Put this into the settings of the app.</p>
      </PageHeading>
      <SecretCard
        title="Settings"
        clientId={client.client_id}
        clientSecret={secret}
        scopes={client.default_scopes ?? client.scopes}
      />
      <Link to={clientPath(client.id)} className={`justify-self-start ${buttonClass('secondary')}`}>
        See the application
      </Link>
    </>
  )
}
