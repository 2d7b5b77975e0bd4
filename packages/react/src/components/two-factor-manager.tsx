'use client'
import { useState, type ReactNode } from 'react'
import type { TwoFactorSetup } from '../actions/two-factor.ts'
import { ActionButton } from '../forms/action-button.tsx'
import { AuthForm, type Values } from '../forms/auth-form.tsx'
import { Button } from '../forms/button.tsx'
import { Card, type CardProps } from '../forms/card.tsx'
import { CodeField } from '../forms/code-field.tsx'
import { PasswordField } from '../forms/password-field.tsx'
import { useParts } from '../hooks/auth-context.ts'
import { useAuth } from '../hooks/use-auth.ts'

/** Options of {@link TwoFactorManager}. */
export interface TwoFactorManagerProps extends CardProps {
  /** Draws the `otpauth://` address as a QR code. Absent, the key is shown to be typed. */
  readonly renderQRCode?: (uri: string) => ReactNode
}

type Step =
  | { readonly name: 'overview' | 'enable' | 'disable' }
  | { readonly name: 'confirm' | 'codes'; readonly setup: TwoFactorSetup }

/** Sets up an authenticator app for the person who is signed in, or turns it off. */
export function TwoFactorManager({ renderQRCode, ...card }: TwoFactorManagerProps) {
  const { texts } = useParts()
  const { user } = useAuth()
  const [step, setStep] = useState<Step>({ name: 'overview' })
  const enabled = user?.twoFactorEnabled === true
  const title = step.name === 'codes' ? texts.twoFactorCodesTitle : texts.twoFactorTitle
  return (
    <Card
      {...card}
      key={step.name}
      name="two-factor"
      title={card.title === undefined ? title : card.title}
      text={textOf(step, { texts, enabled })}
      focused={step.name === 'codes'}
    >
      {step.name === 'overview' && (
        <Button onClick={() => setStep({ name: enabled ? 'disable' : 'enable' })}>
          {enabled ? texts.twoFactorDisable : texts.twoFactorEnable}
        </Button>
      )}
      {(step.name === 'enable' || step.name === 'disable') && (
        <PasswordStep kind={step.name} go={setStep} />
      )}
      {step.name === 'confirm' && (
        <ConfirmStep setup={step.setup} go={setStep} renderQRCode={renderQRCode} />
      )}
      {step.name === 'codes' && <CodesStep setup={step.setup} go={setStep} />}
    </Card>
  )
}

interface Situation {
  readonly texts: ReturnType<typeof useParts>['texts']
  readonly enabled: boolean
}

function textOf(step: Step, { texts, enabled }: Situation): string | undefined {
  if (step.name === 'codes') return texts.twoFactorCodes
  if (step.name === 'confirm') return undefined
  return enabled ? texts.twoFactorOn : texts.twoFactorOff
}

interface StepProps {
  readonly go: (step: Step) => void
}

function PasswordStep({ kind, go }: StepProps & { readonly kind: 'enable' | 'disable' }) {
  const { texts, actions } = useParts()
  const submit = async ({ password = '' }: Values): Promise<void> => {
    if (kind === 'enable') {
      go({ name: 'confirm', setup: await actions.enableTwoFactor(password) })
    } else {
      await actions.disableTwoFactor(password)
      go({ name: 'overview' })
    }
  }
  const label = kind === 'enable' ? texts.twoFactorEnable : texts.twoFactorDisable
  return (
    <AuthForm
      label={label}
      submit={label}
      onSubmit={submit}
      faults={{ INVALID_PASSWORD: 'password' }}
      buttons={<Cancel go={go} />}
    >
      <PasswordField autoComplete="current-password" autoFocus />
    </AuthForm>
  )
}

interface ConfirmStepProps extends StepProps {
  readonly setup: TwoFactorSetup
  readonly renderQRCode: TwoFactorManagerProps['renderQRCode']
}

function ConfirmStep({ setup, go, renderQRCode }: ConfirmStepProps) {
  const { texts, actions } = useParts()
  const submit = async ({ code = '' }: Values): Promise<void> => {
    await actions.verifyTotp({ code })
    go({ name: 'codes', setup })
  }
  return (
    <>
      <p className="cs-text">{renderQRCode ? texts.twoFactorScan : texts.twoFactorType}</p>
      {renderQRCode && <div className="cs-qr">{renderQRCode(setup.uri)}</div>}
      <p className="cs-key" aria-label={texts.twoFactorKey} role="group">
        {setup.secret.replace(/(.{4})(?=.)/g, '$1 ')}
      </p>
      <a className="cs-link" href={setup.uri}>
        {texts.twoFactorOpen}
      </a>
      <p className="cs-text">{texts.twoFactorConfirm}</p>
      <AuthForm
        label={texts.twoFactorConfirm}
        submit={texts.twoFactorActivate}
        onSubmit={submit}
        faults={{ INVALID_CODE: 'code' }}
        buttons={<Cancel go={go} />}
      >
        <CodeField autoFocus />
      </AuthForm>
    </>
  )
}

function CodesStep({ setup, go }: StepProps & { readonly setup: TwoFactorSetup }) {
  const { texts } = useParts()
  return (
    <>
      <ul className="cs-codes">
        {setup.backupCodes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <ActionButton tone="primary" action={async () => go({ name: 'overview' })}>
        {texts.twoFactorCodesKept}
      </ActionButton>
    </>
  )
}

function Cancel({ go }: StepProps) {
  const { texts } = useParts()
  return (
    <Button tone="quiet" onClick={() => go({ name: 'overview' })}>
      {texts.cancel}
    </Button>
  )
}
