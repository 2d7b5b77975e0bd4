import { useState } from 'react'
import { deleteKey, rotateKey, type KeyOwner } from '../api/keys.ts'
import type { ApiKeyView, NewApiKey } from '../api/organization-contract.ts'
import { Fact, FactRow, Moment } from '../components/account/facts.tsx'
import { Loaded } from '../components/account/loaded.tsx'
import { Badge } from '../components/badge.tsx'
import { Button } from '../components/button.tsx'
import { ConfirmDialog } from '../components/confirm-dialog.tsx'
import { CopyLine } from '../components/copy-line.tsx'
import { NewKeyForm } from '../components/keys/new-key-form.tsx'
import { Notice } from '../components/notice.tsx'
import { PageHeading } from '../components/page-heading.tsx'
import { SelectField } from '../components/select-field.tsx'
import { CardSkeletons } from '../components/skeleton.tsx'
import { useKeyChange, useKeys, useOrganizations } from '../hooks/use-organizations.ts'
import { keyStanding } from '../lib/key-words.ts'
import { permissionWords } from '../lib/organization-words.ts'

/** API keys of the person and of their organizations. */
export function KeysPage() {
  const organizations = useOrganizations().data ?? []
  const [owner, setOwner] = useState('')
  const [made, setMade] = useState<NewApiKey>()
  const ownerId: KeyOwner = owner || undefined
  const choose = (id: string): void => {
    setOwner(id)
    setMade(undefined)
  }
  return (
    <div className="grid gap-6">
      <PageHeading title="API keys">
        <p>For programs that call this server, or an API behind it. A key cannot sign in.</p>
      </PageHeading>
      {organizations.length > 0 && (
        <div className="flex max-w-80">
          <SelectField
            label="Whose keys"
            value={owner}
            options={[
              { value: '', label: 'Yours' },
              ...organizations.map(({ id, name }) => ({ value: id, label: name })),
            ]}
            onChange={choose}
          />
        </div>
      )}
      {made !== undefined && <MadeKey made={made} onKept={() => setMade(undefined)} />}
      <Loaded query={useKeys(ownerId)} skeleton={<CardSkeletons count={2} className="h-32" />}>
        {(keys) => <KeyList keys={keys} onMade={setMade} />}
      </Loaded>
      <NewKeyForm key={owner} owner={ownerId} onMade={setMade} />
    </div>
  )
}

function MadeKey({ made, onKept }: { made: NewApiKey; onKept: () => void }) {
  return (
    <section aria-labelledby="made" className="card grid gap-4 p-5 sm:p-6">
      <h2 id="made" className="text-lg font-semibold wrap-anywhere">
        {made.name ?? 'The new key'}
      </h2>
      <Notice tone="warn" alert>
        The key is shown only now. Whoever has it can do what it allows.
      </Notice>
      <CopyLine label="API key" text={made.key} />
      <Button tone="secondary" className="justify-self-start" onClick={onKept}>
        I have kept it
      </Button>
    </section>
  )
}

interface KeyListProps {
  keys: readonly ApiKeyView[]
  onMade: (made: NewApiKey) => void
}

function KeyList({ keys, onMade }: KeyListProps) {
  if (keys.length === 0) return <p className="card p-5 text-muted sm:p-6">There is no key yet.</p>
  return (
    <ul className="grid gap-4">
      {keys.map((apiKey) => (
        <KeyCard key={apiKey.id} apiKey={apiKey} onMade={onMade} />
      ))}
    </ul>
  )
}

function KeyCard({ apiKey, onMade }: { apiKey: ApiKeyView } & Pick<KeyListProps, 'onMade'>) {
  const name = apiKey.name ?? 'Unnamed key'
  const standing = keyStanding(apiKey, Date.now())
  const rotation = useKeyChange(async () => onMade(await rotateKey(apiKey.id, overlap)))
  const removal = useKeyChange(() => deleteKey(apiKey.id))
  return (
    <li className="card grid gap-4 p-5 sm:p-6">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <h2 className="min-w-0 font-semibold wrap-anywhere">{name}</h2>
        <Badge tone={standing.tone}>{standing.words}</Badge>
        <code className="font-mono text-sm text-muted">
          {apiKey.prefix}…{apiKey.lastFour}
        </code>
      </div>
      <FactRow>
        <Fact name="Reaches">{permissionWords(apiKey.permissions)}</Fact>
        <Fact name="Last used">
          <Moment at={apiKey.lastRequest} />
        </Fact>
        <Fact name="Ends">
          <Moment at={apiKey.expiresAt} />
        </Fact>
      </FactRow>
      <div className="flex flex-wrap gap-3">
        {standing.works && apiKey.replacedAt === null && (
          <ConfirmDialog
            trigger="Rotate"
            triggerLabel={`Rotate ${name}`}
            title={`A new key for “${name}”?`}
            confirm="Make the new key"
            onConfirm={() => rotation.mutateAsync(undefined)}
          >
            <p>
              It may do the same. The old one still works for one day, so that you can exchange it.
            </p>
          </ConfirmDialog>
        )}
        <ConfirmDialog
          trigger="Delete"
          triggerTone="caution"
          triggerLabel={`Delete ${name}`}
          title={`Delete “${name}”?`}
          confirm="Delete key"
          onConfirm={() => removal.mutateAsync(undefined)}
        >
          <p>Programs that use it are refused at once. This cannot be undone.</p>
        </ConfirmDialog>
      </div>
    </li>
  )
}

/** How long, in seconds, a rotated key still works. The words say so, too. */
const overlap = 86_400
