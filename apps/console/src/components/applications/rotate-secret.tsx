import { useState } from 'react'
import { rotateSecret } from '../../api/clients.ts'
import type { ClientView } from '../../api/provider-contract.ts'
import { useClientChange } from '../../hooks/use-clients.ts'
import { clientName } from '../../lib/client-words.ts'
import { Button } from '../button.tsx'
import { Chip, ChipGroup } from '../choice-chips.tsx'
import { ConfirmDialog } from '../confirm-dialog.tsx'
import { SecretCard } from './secret-card.tsx'

const overlaps = [
  [0, 'Not at all'],
  [3600, 'One hour'],
  [86_400, 'One day'],
  [604_800, 'One week'],
] as const

/** Gives an application a new secret; the old one may work on while it is exchanged. */
export function RotateSecret({ client }: { client: ClientView }) {
  const [overlap, setOverlap] = useState<number>(86_400)
  const [secret, setSecret] = useState<string>()
  const rotation = useClientChange(async () => {
    const made = await rotateSecret(client.id, overlap)
    setSecret(made.client_secret)
  })
  if (client.client_type === 'public') return null
  if (secret !== undefined) {
    return (
      <SecretCard
        title="The new secret"
        clientId={client.client_id}
        clientSecret={secret}
        scopes={client.default_scopes ?? client.scopes}
      >
        <Button
          tone="secondary"
          className="justify-self-start"
          onClick={() => setSecret(undefined)}
        >
          I have kept it
        </Button>
      </SecretCard>
    )
  }
  return (
    <section aria-labelledby="secret" className="card grid gap-4 p-5 sm:p-6">
      <div>
        <h2 id="secret" className="text-lg font-semibold">
          Secret
        </h2>
        <p className="mt-1 text-muted">
          Nobody can look it up here. If it is lost or was seen, make a new one.
        </p>
      </div>
      <ChipGroup legend="How long the old one still works">
        {overlaps.map(([seconds, label]) => (
          <Chip
            key={seconds}
            type="radio"
            name="overlap"
            label={label}
            checked={overlap === seconds}
            onChange={() => setOverlap(seconds)}
          />
        ))}
      </ChipGroup>
      <div>
        <ConfirmDialog
          trigger="Make a new secret"
          title={`A new secret for ${clientName(client)}?`}
          confirm="Make a new secret"
          onConfirm={() => rotation.mutateAsync(undefined)}
        >
          <p>
            {overlap === 0
              ? 'The old one ends at once: the app cannot sign anybody in until it has the new one.'
              : 'The app works on with the old one until that ends. Exchange it before.'}
          </p>
        </ConfirmDialog>
      </div>
    </section>
  )
}
