import { useState } from 'react'
import { deletePasskey, renamePasskey } from '../api/account.ts'
import { passkeysSupported } from '../api/auth.ts'
import type { PasskeyView } from '../api/contract.ts'
import { Fact, FactRow, Moment } from '../components/account/facts.tsx'
import { Loaded } from '../components/account/loaded.tsx'
import { Rename } from '../components/account/rename.tsx'
import { ConfirmDialog } from '../components/confirm-dialog.tsx'
import { CreatePasskey } from '../components/create-passkey.tsx'
import { Icon } from '../components/icon.tsx'
import { Notice } from '../components/notice.tsx'
import { PageHeading } from '../components/page-heading.tsx'
import { CardSkeletons } from '../components/skeleton.tsx'
import { TextField } from '../components/text-field.tsx'
import { useAccountChange, usePasskeys } from '../hooks/use-account.ts'

/** The person's passkeys. */
export function PasskeysPage() {
  const passkeys = usePasskeys()
  return (
    <div className="grid gap-6">
      <PageHeading title="Passkeys">
        <p>Sign in and confirm with your fingerprint, face or screen lock instead of a password.</p>
      </PageHeading>
      <Loaded query={passkeys} skeleton={<CardSkeletons count={1} className="h-28" />}>
        {(all) => <PasskeyList passkeys={all} />}
      </Loaded>
      <AddPasskey />
    </div>
  )
}

function PasskeyList({ passkeys }: { passkeys: readonly PasskeyView[] }) {
  if (passkeys.length === 0)
    return <p className="card p-5 text-muted sm:p-6">You have no passkey yet.</p>
  return (
    <ul className="grid gap-4">
      {passkeys.map((passkey) => (
        <PasskeyCard key={passkey.id} passkey={passkey} />
      ))}
    </ul>
  )
}

function PasskeyCard({ passkey }: { passkey: PasskeyView }) {
  const name = passkey.name || 'Unnamed passkey'
  const rename = useAccountChange('passkeys', (to: string) => renamePasskey(passkey.id, to))
  const removal = useAccountChange('passkeys', () => deletePasskey(passkey.id))
  return (
    <li className="card flex flex-wrap items-center gap-x-6 gap-y-4 p-5 sm:p-6">
      <div className="grid min-w-0 flex-1 basis-64 gap-3">
        <div className="flex items-center gap-3">
          <Icon name="key" className="size-5 text-muted" />
          <h2 className="min-w-0 font-semibold wrap-anywhere">{name}</h2>
        </div>
        <FactRow>
          <Fact name="Added">
            <Moment at={passkey.createdAt ?? null} never="Unknown" />
          </Fact>
          <Fact name="Kept">{passkey.backedUp ? 'Synced between devices' : 'On one device'}</Fact>
        </FactRow>
      </div>
      <div className="flex flex-wrap gap-3">
        <Rename
          what={`passkey ${name}`}
          name={passkey.name ?? ''}
          onRename={(to) => rename.mutateAsync(to)}
        />
        <ConfirmDialog
          trigger="Delete"
          triggerTone="caution"
          triggerLabel={`Delete passkey ${name}`}
          title={`Delete “${name}”?`}
          confirm="Delete passkey"
          onConfirm={() => removal.mutateAsync(undefined)}
        >
          <p>You cannot sign in or confirm with it any more.</p>
        </ConfirmDialog>
      </div>
    </li>
  )
}

function AddPasskey() {
  const [name, setName] = useState('')
  if (!passkeysSupported) {
    return (
      <Notice tone="info">This browser cannot make passkeys. Open this page in another one.</Notice>
    )
  }
  return (
    <section aria-labelledby="add" className="card p-5 sm:p-6">
      <h2 id="add" className="mb-4 text-lg font-semibold">
        Add a passkey
      </h2>
      <div className="grid max-w-104 gap-4">
        <TextField
          label="Name (optional)"
          placeholder="Work laptop"
          maxLength={60}
          autoComplete="off"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <CreatePasskey label="Add passkey" name={name} onCreated={() => setName('')} />
      </div>
    </section>
  )
}
