import { useState, type SubmitEvent } from 'react'
import { createKey, type KeyOwner } from '../../api/keys.ts'
import type { NewApiKey, Permissions } from '../../api/organization-contract.ts'
import { useKeyChange, useKeyPermissions } from '../../hooks/use-organizations.ts'
import { keyLives } from '../../lib/key-words.ts'
import { capitalise, humanName } from '../../lib/words.ts'
import { Loaded } from '../account/loaded.tsx'
import { Button } from '../button.tsx'
import { Chip, ChipGroup } from '../choice-chips.tsx'
import { Problem } from '../problem.tsx'
import { SelectField } from '../select-field.tsx'
import { CardSkeletons } from '../skeleton.tsx'
import { TextField } from '../text-field.tsx'

interface NewKeyFormProps {
  owner: KeyOwner
  onMade: (made: NewApiKey) => void
}

/** Makes an API key that reaches only what is ticked. */
export function NewKeyForm({ owner, onMade }: NewKeyFormProps) {
  const [name, setName] = useState('')
  const [life, setLife] = useState<string>(keyLives[1].value)
  const [permissions, setPermissions] = useState<Permissions>({})
  const making = useKeyChange(async () => {
    const expiresIn = life === '' ? null : Number(life)
    onMade(await createKey({ name: name.trim(), permissions, expiresIn, organizationId: owner }))
    setName('')
    setPermissions({})
  })
  const make = (): void => making.mutate(undefined)
  return (
    <form
      className="card grid gap-5 p-5 sm:p-6"
      onSubmit={(event: SubmitEvent) => {
        event.preventDefault()
        if (!making.isPending) make()
      }}
    >
      <h2 className="text-lg font-semibold">Make a key</h2>
      <div className="flex flex-wrap gap-4">
        <TextField
          label="Name"
          className="min-w-0 flex-2 basis-56"
          placeholder="Nightly export"
          required
          maxLength={100}
          autoComplete="off"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <SelectField label="It ends after" value={life} options={keyLives} onChange={setLife} />
      </div>
      <Loaded
        query={useKeyPermissions(owner)}
        skeleton={<CardSkeletons count={1} className="h-24" />}
      >
        {(possible) => (
          <PermissionChoice possible={possible} chosen={permissions} onChange={setPermissions} />
        )}
      </Loaded>
      <Problem attempt={making} to="make a key" again={make} />
      <Button type="submit" busy={making.isPending} className="justify-self-start">
        Make the key
      </Button>
    </form>
  )
}

interface PermissionChoiceProps {
  possible: Permissions
  chosen: Permissions
  onChange: (chosen: Permissions) => void
}

function PermissionChoice({ possible, chosen, onChange }: PermissionChoiceProps) {
  const resources = Object.entries(possible).filter(([, actions]) => actions.length > 0)
  if (resources.length === 0) {
    return (
      <p className="text-muted">
        This server lets keys reach nothing yet: whoever runs it decides what they can be given.
        Such a key only says whose it is.
      </p>
    )
  }
  return resources.map(([resource, actions]) => (
    <ChipGroup key={resource} legend={capitalise(humanName(resource))}>
      {actions.map((action) => (
        <Chip
          key={action}
          type="checkbox"
          name={`${resource}.${action}`}
          label={capitalise(humanName(action))}
          checked={chosen[resource]?.includes(action) ?? false}
          onChange={(ticked) => {
            const rest = (chosen[resource] ?? []).filter((one) => one !== action)
            onChange({ ...chosen, [resource]: ticked ? [...rest, action] : rest })
          }}
        />
      ))}
    </ChipGroup>
  ))
}
