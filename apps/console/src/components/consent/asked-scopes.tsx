import { useId } from 'react'
import type { InteractionView, ScopeView } from '../../api/provider-contract.ts'
import { resourceIdentifier } from '../../lib/consent-words.ts'
import { Badge } from '../badge.tsx'
import { Icon } from '../icon.tsx'

interface AskedScopesProps {
  view: InteractionView
  unticked: ReadonlySet<string>
  onChange: (unticked: ReadonlySet<string>) => void
}

/** What an application asks for, in a person's words; what it does not need can be left out. */
export function AskedScopes({ view, unticked, onChange }: AskedScopesProps) {
  const id = useId()
  const { scopes } = view
  const change = (name: string, ticked: boolean): void => {
    const next = new Set(unticked)
    if (ticked) next.delete(name)
    else next.add(name)
    onChange(next)
  }
  return (
    <section aria-labelledby={id}>
      <h2 id={id} className="mt-3 mb-1 text-lg font-semibold">
        What it asks for
      </h2>
      {scopes.some(({ required }) => !required) && (
        <p className="mb-3 text-muted">Untick what you do not want to allow.</p>
      )}
      <ul className="card divide-y divide-line">
        {scopes.map((scope) => (
          <li key={scope.name}>
            <ScopeRow
              scope={scope}
              ticked={!unticked.has(scope.name)}
              onChange={(ticked) => change(scope.name, ticked)}
            />
          </li>
        ))}
        {scopes.length === 0 && <li className="px-5 py-4 text-muted sm:px-6">Nothing more.</li>}
      </ul>
      <TechnicalNames view={view} />
    </section>
  )
}

interface ScopeRowProps {
  scope: ScopeView
  ticked: boolean
  onChange: (ticked: boolean) => void
}

function ScopeRow({ scope, ticked, onChange }: ScopeRowProps) {
  const row = 'flex items-start gap-3.5 px-5 py-3.5 sm:px-6'
  if (scope.required) {
    return (
      <div className={row}>
        <Icon name="check" className="mt-0.5 size-5 text-accent" />
        <ScopeText scope={scope} />
        <span className="ml-auto text-sm whitespace-nowrap text-muted">Needed</span>
      </div>
    )
  }
  return (
    <label className={`${row} hover:bg-sunken`}>
      <input
        type="checkbox"
        checked={ticked}
        onChange={(event) => onChange(event.target.checked)}
        className="mt-0.5 size-5 shrink-0 accent-accent"
      />
      <ScopeText scope={scope} />
    </label>
  )
}

function ScopeText({ scope: { title, description, sensitive } }: { scope: ScopeView }) {
  return (
    <span className="min-w-0">
      <span className="flex flex-wrap items-center gap-x-2.5 gap-y-1 font-medium wrap-anywhere">
        {title}
        {sensitive && (
          <Badge tone="warn" icon="warning">
            Sensitive
          </Badge>
        )}
      </span>
      {description !== '' && (
        <span className="block text-sm text-muted wrap-anywhere">{description}</span>
      )}
    </span>
  )
}

function TechnicalNames({ view }: { view: InteractionView }) {
  const { client, scopes, resource, claims } = view
  return (
    <details className="group mt-3">
      <summary className="inline-flex min-h-10 list-none items-center gap-2 rounded-lg text-sm font-medium text-muted hover:text-ink">
        <Icon name="chevron" className="size-4 transition-transform group-open:rotate-180" />
        Technical names
      </summary>
      <dl className="mt-1 grid gap-2.5 rounded-lg bg-sunken px-4 py-3 text-sm">
        <Technical name="Client" values={[client.client_id]} />
        <Technical name="Scopes" values={scopes.map(({ name }) => name)} />
        <Technical name="Resources" values={resource.map(resourceIdentifier)} />
        <Technical name="Claims" values={claims} />
      </dl>
    </details>
  )
}

function Technical({ name, values }: { name: string; values: readonly string[] }) {
  if (values.length === 0) return null
  return (
    <div>
      <dt className="text-muted">{name}</dt>
      <dd className="font-mono wrap-anywhere">{values.join(' ')}</dd>
    </div>
  )
}
