import type { InteractionView } from '../../api/provider-contract.ts'
import { identityOf, isNameKnown, lastingWords, resourceName } from '../../lib/consent-words.ts'
import { list } from '../../lib/words.ts'
import { CheckedFacts, Fact, UncheckedClaims } from '../asker-cards.tsx'
import { Badge } from '../badge.tsx'

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
    <CheckedFacts>
      <Fact name={identity.fact}>
        {identity.caution ? (
          capitaliseFirst(identity.explanation)
        ) : (
          <>
            <span className="font-medium wrap-anywhere">{identity.title}</span>
            <span className="block text-sm text-muted">{identity.explanation}</span>
          </>
        )}
      </Fact>
      {isNameKnown(client) && (
        <Fact name="App">
          <span className="font-medium wrap-anywhere">{client.name ?? 'Unnamed'}</span>{' '}
          <Badge tone="good" icon="check">
            Set up by an administrator
          </Badge>
        </Fact>
      )}
      {code !== undefined && (
        <Fact name="Code">
          <span className="font-mono font-medium tracking-wide">{code}</span>
          <span className="ml-2 text-sm text-muted">Your device must show the same one.</span>
        </Fact>
      )}
      {view.resource.length > 0 && (
        <Fact name="Works with">
          <span className="font-medium wrap-anywhere">{list(view.resource.map(resourceName))}</span>
        </Fact>
      )}
      <Fact name="For how long">{lastingWords(view, unticked)}</Fact>
    </CheckedFacts>
  )
}

function capitaliseFirst(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}

/** What an application says about itself: quoted, never a link, never taken for true. */
export function AskerClaims({ view: { client } }: { view: InteractionView }) {
  const { name, homepage_url: homepage } = client
  if (isNameKnown(client) || (!name && !homepage)) return null
  return (
    <UncheckedClaims>
      {name && (
        <p className="wrap-anywhere">
          <span className="text-muted">It calls itself</span> <q className="font-medium">{name}</q>{' '}
          <Badge tone="warn">Unverified</Badge>
        </p>
      )}
      {homepage && (
        <p className="wrap-anywhere">
          <span className="text-muted">It says its home is</span> <q>{homepage}</q>
        </p>
      )}
    </UncheckedClaims>
  )
}
