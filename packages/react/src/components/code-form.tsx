'use client'
import { useState } from 'react'
import { AuthForm, type Values } from '../forms/auth-form.tsx'
import { Button } from '../forms/button.tsx'
import { Card, type CardProps } from '../forms/card.tsx'
import { CodeField } from '../forms/code-field.tsx'
import { Field } from '../forms/field.tsx'
import { useParts } from '../hooks/auth-context.ts'

/** Options of {@link CodeForm}. */
export interface CodeFormProps extends CardProps {
  /** Called when somebody is signed in. */
  readonly onSuccess?: (() => void) | undefined
  /** Leads back to the password. Absent, there is no such button. */
  readonly onBack?: (() => void) | undefined
}

const faults = { INVALID_CODE: 'code', INVALID_BACKUP_CODE: 'code' }

/** Asks for the code of an authenticator app, or a backup code, after the password was right. */
export function CodeForm({ onSuccess, onBack, ...card }: CodeFormProps) {
  const { texts, actions } = useParts()
  const [backup, setBackup] = useState(false)
  const submit = async (values: Values): Promise<void> => {
    const typed = { code: values['code'] ?? '', trustDevice: values['trust'] === 'on' }
    await (backup ? actions.verifyBackupCode(typed) : actions.verifyTotp(typed))
    onSuccess?.()
  }
  return (
    <Card
      {...card}
      name="code"
      title={card.title === undefined ? texts.codeTitle : card.title}
      text={backup ? texts.backupCodeText : texts.codeText}
    >
      <AuthForm
        key={String(backup)}
        label={texts.codeTitle}
        submit={texts.codeSubmit}
        onSubmit={submit}
        faults={faults}
      >
        {backup ? (
          <Field name="code" label={texts.backupCode} autoComplete="off" required autoFocus />
        ) : (
          <CodeField autoFocus />
        )}
        <label className="cs-check">
          <input type="checkbox" name="trust" />
          {texts.codeTrust}
        </label>
      </AuthForm>
      <Button tone="quiet" onClick={() => setBackup(!backup)}>
        {backup ? texts.codeUseApp : texts.codeUseBackup}
      </Button>
      {onBack && (
        <Button tone="quiet" onClick={onBack}>
          {texts.back}
        </Button>
      )}
    </Card>
  )
}
