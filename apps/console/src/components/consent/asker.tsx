import { useId, type ReactNode } from 'react'
import type { InteractionView } from '../../api/provider-contract.ts'
import { identityOf, isNameKnown, lastingWords, resourceName } from '../../lib/consent-words.ts'
import { list } from '../../lib/words.ts'
import { Badge } from '../badge.tsx'
import { Icon } from '../icon.tsx'

interface AskerFactsProps {
  view: InteractionView
  /** What the person leaves out. */
  unticked: ReadonlySet<string>
  /** The code of a device. */
  code?: string | undefined
}

/** What the server verified about who asks. Comes before anything the asker says. */
export function AskerFacts({ view, unticked, code }: AskerFactsProps) {
  const { client } = view
  const identity = identityOf(client)
  return (
    <section aria-labelledby="facts" className="card overflow-hidden">
      <h2
        id="facts"
        className="flex items-center gap-2 border-b border-line px-5 py-3 font-semibold sm:px-6"
      >
        <Icon name="shield" className="size-5 text-accent" />
        What we checked
      </h2>
      <dl className="grid gap-x-6 gap-y-3.5 px-5 py-4 sm:grid-cols-[9rem_1fr] sm:px-6">
        <Row name={identity.fact}>
          {identity.caution ? (
            capitaliseFirst(identity.explanation)
          ) : (
            <>
              <span className="font-medium wrap-anywhere">{identity.title}</span>
              <span className="block text-sm text-muted">{identity.explanation}</span>
            </>
          )}
        </Row>
        {isNameKnown(client) && (
          <Row name="App">
            <span className="font-medium wrap-anywhere">{client.name ?? 'Unnamed'}</span>{' '}
            <Badge tone="good" icon="check">
              Set up by an administrator
            </Badge>
          </Row>
        )}
        {code !== undefined && (
          <Row name="Code">
            <span className="font-mono font-medium tracking-wide">{code}</span>
            <span className="ml-2 text-sm text-muted">Your device must show the same one.</span>
          </Row>
        )}
        {view.resource.length > 0 && (
          <Row name="Works with">
            <span className="font-medium wrap-anywhere">
              {list(view.resource.map(resourceName))}
            </span>
          </Row>
        )}
        <Row name="For how long">{lastingWords(view, unticked)}</Row>
      </dl>
    </section>
  )
}

function capitaliseFirst(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}

/** One checked fact, its name beside it where there is room. */
function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="grid gap-x-6 gap-y-1 sm:col-span-2 sm:grid-cols-subgrid">
      <dt className="text-sm leading-6 text-muted">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </div>
  )
}

/** What an application says about itself: quoted, never a link, never taken for true. */
export function AskerClaims({ view: { client } }: { view: InteractionView }) {
  const id = useId()
  const { name, homepage_url: homepage } = client
  if (isNameKnown(client) || (!name && !homepage)) return null
  return (
    <section aria-labelledby={id} className="card overflow-hidden border-dashed">
      <h2
        id={id}
        className="flex flex-wrap items-center gap-x-2 border-b border-dashed border-line px-5 py-3 font-semibold sm:px-6"
      >
        <Icon name="quote" className="size-5 text-muted" />
        What it says about itself
        <span className="text-sm font-normal text-muted">Nobody has checked this.</span>
      </h2>
      <div className="grid gap-2 px-5 py-4 sm:px-6">
        {name && (
          <p className="wrap-anywhere">
            <span className="text-muted">It calls itself</span>{' '}
            <q className="font-medium">{name}</q> <Badge tone="warn">Unverified</Badge>
          </p>
        )}
        {homepage && (
          <p className="wrap-anywhere">
            <span className="text-muted">It says its home is</span> <q>{homepage}</q>
          </p>
        )}
      </div>
    </section>
  )
}
