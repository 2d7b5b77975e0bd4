'use client'
import { useEffect, useRef, useState } from 'react'
import type { Passkey } from '../actions/passkeys.ts'
import { ActionButton } from '../forms/action-button.tsx'
import { AuthForm, type Values } from '../forms/auth-form.tsx'
import { Button } from '../forms/button.tsx'
import { Field } from '../forms/field.tsx'
import { useParts } from '../hooks/auth-context.ts'
import { fill, type AuthTexts } from '../texts/texts.ts'

interface PasskeyItemProps {
  readonly passkey: Passkey
  readonly reload: () => Promise<void>
  readonly remove: (id: string) => Promise<void>
}

type Mode = 'view' | 'rename' | 'delete'

/** One passkey. Renaming and deleting happen in its place, with the focus. */
export function PasskeyItem({ passkey, reload, remove }: PasskeyItemProps) {
  const { texts } = useParts()
  const [mode, setMode] = useState<Mode>('view')
  const item = useRef<HTMLLIElement>(null)
  const opened = useRef(false)
  useEffect(() => {
    // What was pressed is gone; but nothing was when the page opens.
    opened.current ||= mode !== 'view'
    if (opened.current) item.current?.querySelector<HTMLElement>('input, button')?.focus()
  }, [mode])
  const name = passkey.name ?? texts.passkeyUnnamed
  const parts = { passkey, name, go: setMode }
  return (
    <li ref={item} className="cs-item" data-mode={mode}>
      {mode === 'view' && <View {...parts} />}
      {mode === 'rename' && <Rename {...parts} reload={reload} />}
      {mode === 'delete' && <Delete {...parts} remove={remove} />}
    </li>
  )
}

interface ModeProps {
  readonly passkey: Passkey
  readonly name: string
  readonly go: (mode: Mode) => void
}

function View({ passkey, name, go }: ModeProps) {
  const { texts } = useParts()
  const kept = passkey.backedUp ? texts.passkeySynced : texts.passkeyLocal
  return (
    <>
      <div className="cs-facts">
        <p className="cs-strong">{name}</p>
        <p className="cs-text">{[addedOn(passkey, texts), kept].filter(Boolean).join(' · ')}</p>
      </div>
      <Button
        tone="quiet"
        aria-label={fill(texts.passkeyRenameLabel, { name })}
        onClick={() => go('rename')}
      >
        {texts.passkeyRename}
      </Button>
      <Button
        tone="quiet"
        aria-label={fill(texts.passkeyDeleteLabel, { name })}
        onClick={() => go('delete')}
      >
        {texts.passkeyDelete}
      </Button>
    </>
  )
}

function Rename({ passkey, name, go, reload }: ModeProps & Pick<PasskeyItemProps, 'reload'>) {
  const { texts, actions } = useParts()
  const submit = async (values: Values): Promise<void> => {
    await actions.renamePasskey(passkey.id, values['name'] ?? '')
    await reload()
    go('view')
  }
  return (
    <AuthForm
      label={fill(texts.passkeyRenameLabel, { name })}
      submit={texts.save}
      onSubmit={submit}
      buttons={<Cancel go={go} />}
    >
      <Field
        name="name"
        label={texts.passkeyName}
        defaultValue={passkey.name ?? ''}
        autoComplete="off"
        required
        maxLength={60}
      />
    </AuthForm>
  )
}

function Delete({ passkey, name, go, remove }: ModeProps & Pick<PasskeyItemProps, 'remove'>) {
  const { texts } = useParts()
  const title = fill(texts.passkeyDeleteTitle, { name })
  return (
    <div role="group" aria-label={title} className="cs-ask">
      <p className="cs-strong">{title}</p>
      <p className="cs-text">{texts.passkeyDeleteText}</p>
      <div className="cs-buttons">
        <Cancel go={go} />
        <ActionButton tone="danger" action={() => remove(passkey.id)}>
          {texts.passkeyDelete}
        </ActionButton>
      </div>
    </div>
  )
}

function Cancel({ go }: Pick<ModeProps, 'go'>) {
  const { texts } = useParts()
  return (
    <Button tone="quiet" onClick={() => go('view')}>
      {texts.cancel}
    </Button>
  )
}

function addedOn({ createdAt }: Passkey, texts: AuthTexts): string | undefined {
  if (createdAt === null) return undefined
  const date = new Date(createdAt).toLocaleDateString(undefined, { dateStyle: 'medium' })
  return fill(texts.passkeyAdded, { date })
}
