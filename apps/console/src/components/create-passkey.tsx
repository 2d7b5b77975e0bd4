import { useMutation, useQueryClient } from '@tanstack/react-query'
import { addPasskey } from '../api/auth.ts'
import { needsFreshSession } from '../lib/api-error.ts'
import { problemWords } from '../lib/problem-words.ts'
import { Button, type ButtonTone } from './button.tsx'
import { Notice } from './notice.tsx'
import { Reauthenticate } from './reauthenticate.tsx'

interface CreatePasskeyProps {
  label: string
  name?: string
  tone?: ButtonTone
  onCreated?: () => void
}

/** Makes a passkey in place, asking for fresh proof of who is there when the server wants it. */
export function CreatePasskey({ label, name = '', tone, onCreated }: CreatePasskeyProps) {
  const queries = useQueryClient()
  const creation = useMutation({
    mutationFn: () => addPasskey(name.trim()),
    onSuccess: async () => {
      onCreated?.()
      await queries.invalidateQueries()
    },
  })
  if (needsFreshSession(creation.error)) {
    return (
      <Reauthenticate
        reason="It has been a while since you signed in. Confirm it is you to add a passkey."
        onDone={() => creation.mutate()}
        onCancel={() => creation.reset()}
      />
    )
  }
  return (
    <div className="grid gap-3">
      {creation.error !== null && (
        <Notice tone="danger" alert>
          {problemWords(creation.error)}
        </Notice>
      )}
      <Button
        tone={tone}
        className="justify-self-start"
        busy={creation.isPending}
        onClick={() => creation.mutate()}
      >
        {label}
      </Button>
    </div>
  )
}
