import { useState, type SubmitEvent } from 'react'
import type { ClientInput, ClientView } from '../../api/provider-contract.ts'
import { readLines, redirectsProblem } from '../../lib/client-words.ts'
import { Button } from '../button.tsx'
import { Problem } from '../problem.tsx'
import { TextArea, TextField } from '../text-field.tsx'
import { ScopePicker } from './scope-picker.tsx'

interface ClientFormProps {
  client: ClientView
  saving: { readonly error: unknown; readonly isPending: boolean; readonly reset: () => void }
  onSave: (input: Partial<ClientInput>) => void
  onCancel: () => void
}

/** Changes what is known about an application. */
export function ClientForm({ client, saving, onSave, onCancel }: ClientFormProps) {
  const [name, setName] = useState(client.name ?? '')
  const [description, setDescription] = useState(client.description ?? '')
  const [homepage, setHomepage] = useState(client.homepage_url ?? '')
  const [redirects, setRedirects] = useState(client.redirect_uris.join('\n'))
  const [logouts, setLogouts] = useState(client.post_logout_redirect_uris.join('\n'))
  const [scopes, setScopes] = useState<readonly string[]>(client.scopes)
  const [checked, setChecked] = useState(false)
  const hasRedirect = client.grant_types.includes('authorization_code')
  const problem = hasRedirect ? redirectsProblem(readLines(redirects)) : undefined
  const save = (): void =>
    onSave({
      name: name.trim(),
      description: description.trim() || null,
      homepage_url: homepage.trim() || null,
      redirect_uris: readLines(redirects),
      post_logout_redirect_uris: readLines(logouts),
      scopes,
    })
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    setChecked(true)
    if (problem === undefined && !saving.isPending) save()
  }
  return (
    <form onSubmit={submit} className="card grid gap-5 p-5 sm:p-6">
      <TextField
        label="Name"
        required
        autoFocus
        maxLength={120}
        autoComplete="off"
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <TextField
        label="Description (optional)"
        maxLength={500}
        autoComplete="off"
        value={description}
        onChange={(event) => setDescription(event.target.value)}
      />
      <TextField
        label="Home page (optional)"
        type="url"
        autoComplete="off"
        value={homepage}
        onChange={(event) => setHomepage(event.target.value)}
      />
      {hasRedirect && (
        <>
          <TextArea
            label="Where people are sent back to"
            hint="One address on each line. The app must name one of them exactly."
            rows={3}
            spellCheck={false}
            value={redirects}
            problem={checked ? problem : undefined}
            onChange={(event) => setRedirects(event.target.value)}
          />
          <TextArea
            label="Where people go after signing out (optional)"
            rows={2}
            spellCheck={false}
            value={logouts}
            onChange={(event) => setLogouts(event.target.value)}
          />
        </>
      )}
      <ScopePicker chosen={scopes} onChange={setScopes} />
      <Problem attempt={saving} to="change this app" again={save} />
      <div className="flex flex-wrap gap-3">
        <Button type="submit" busy={saving.isPending}>
          Save
        </Button>
        <Button tone="secondary" onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </form>
  )
}
