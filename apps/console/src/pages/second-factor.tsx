import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode, type SubmitEvent } from 'react'
import type { SecondFactorSetup } from '../api/organization-contract.ts'
import {
  beginSecondFactor,
  confirmSecondFactor,
  endSecondFactor,
  renewBackupCodes,
} from '../api/second-factor.ts'
import { Badge } from '../components/badge.tsx'
import { Button } from '../components/button.tsx'
import { CopyBlock, CopyLine } from '../components/copy-line.tsx'
import { Notice } from '../components/notice.tsx'
import { PageHeading } from '../components/page-heading.tsx'
import { QrCode } from '../components/qr-code.tsx'
import { TextField } from '../components/text-field.tsx'
import { useSession } from '../hooks/use-session.ts'
import { problemWords } from '../lib/problem-words.ts'
import { readSecret } from '../lib/totp-uri.ts'

/** What the page is at. */
type Step =
  | { name: 'overview' | 'begin' | 'end' | 'renew' }
  | { name: 'confirm'; setup: SecondFactorSetup }
  | { name: 'codes'; codes: readonly string[] }

/** The second step of a sign-in with a password: an authenticator app, and codes for the day it is lost. */
export function SecondFactorPage() {
  const [step, setStep] = useState<Step>({ name: 'overview' })
  return (
    <div className="grid max-w-170 gap-6">
      <PageHeading title="Second factor">
        <p>
          Sign-in with a password asks for a code from an app, too. A passkey is two factors by
          itself and asks for none.
        </p>
      </PageHeading>
      <section aria-label="Authenticator app" className="card grid gap-5 p-5 sm:p-6">
        <CurrentStep step={step} go={setStep} />
      </section>
    </div>
  )
}

interface StepProps {
  go: (step: Step) => void
}

function CurrentStep({ step, go }: StepProps & { step: Step }) {
  switch (step.name) {
    case 'overview':
      return <Overview go={go} />
    case 'begin':
      return (
        <PasswordStep
          title="Set up an authenticator app"
          action="Continue"
          act={async (password) =>
            go({ name: 'confirm', setup: await beginSecondFactor(password) })
          }
          go={go}
        />
      )
    case 'end':
      return (
        <PasswordStep
          title="Turn the second factor off"
          action="Turn off"
          act={async (password) => {
            await endSecondFactor(password)
            go({ name: 'overview' })
          }}
          go={go}
        >
          <p className="text-muted">Your password alone will sign you in again.</p>
        </PasswordStep>
      )
    case 'renew':
      return (
        <PasswordStep
          title="Make new backup codes"
          action="Make new codes"
          act={async (password) => go({ name: 'codes', codes: await renewBackupCodes(password) })}
          go={go}
        >
          <p className="text-muted">The codes you have now end.</p>
        </PasswordStep>
      )
    case 'confirm':
      return <Confirm setup={step.setup} go={go} />
    case 'codes':
      return <Codes codes={step.codes} go={go} />
  }
}

function Overview({ go }: StepProps) {
  const on = useSession().data?.user.twoFactorEnabled === true
  return (
    <>
      <div className="flex flex-wrap items-center gap-3">
        <h2 className="text-lg font-semibold">Authenticator app</h2>
        {on ? (
          <Badge tone="good" icon="check">
            On
          </Badge>
        ) : (
          <Badge tone="neutral">Off</Badge>
        )}
      </div>
      <div className="flex flex-wrap gap-3">
        {on ? (
          <>
            <Button tone="secondary" onClick={() => go({ name: 'renew' })}>
              New backup codes
            </Button>
            <Button tone="caution" onClick={() => go({ name: 'end' })}>
              Turn off
            </Button>
          </>
        ) : (
          <Button onClick={() => go({ name: 'begin' })}>Set it up</Button>
        )}
      </div>
    </>
  )
}

/** Runs one step; afterwards the session is read again, because it says whether the factor is on. */
function useStep(act: () => Promise<void>) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: act,
    onSuccess: () => queries.invalidateQueries({ queryKey: ['session'] }),
  })
}

interface PasswordStepProps extends StepProps {
  title: string
  action: string
  act: (password: string) => Promise<void>
  children?: ReactNode
}

function PasswordStep({ title, action, act, go, children }: PasswordStepProps) {
  const [password, setPassword] = useState('')
  const email = useSession().data?.user.email ?? ''
  const doing = useStep(() => act(password))
  return (
    <StepForm title={title} action={action} doing={doing} onCancel={() => go({ name: 'overview' })}>
      {children}
      <input type="email" name="email" value={email} autoComplete="username" readOnly hidden />
      <TextField
        label="Your password"
        className="max-w-104"
        type="password"
        name="password"
        autoComplete="current-password"
        autoFocus
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
    </StepForm>
  )
}

function Confirm({ setup, go }: StepProps & { setup: SecondFactorSetup }) {
  const [code, setCode] = useState('')
  const doing = useStep(async () => {
    await confirmSecondFactor(code)
    go({ name: 'codes', codes: setup.backupCodes })
  })
  const { secret, uri } = readSecret(setup.totpURI)
  return (
    <StepForm
      title="Scan this with your authenticator app"
      action="Turn on"
      doing={doing}
      onCancel={() => go({ name: 'overview' })}
    >
      {uri !== undefined && <QrCode label="The key, to be scanned" text={uri} />}
      <p className="text-muted">Or type this key into it.</p>
      <CopyLine label="Key" text={secret} />
      {uri !== undefined && (
        <a href={uri} className="link justify-self-start">
          Open in an app on this device
        </a>
      )}
      <TextField
        label="Code"
        hint="Six digits. The app shows them once it has the key."
        className="max-w-104"
        name="code"
        autoComplete="one-time-code"
        inputMode="numeric"
        pattern="\s*(\d\s*){6}"
        maxLength={12}
        autoFocus
        required
        value={code}
        onChange={(event) => setCode(event.target.value)}
      />
    </StepForm>
  )
}

function Codes({ codes, go }: StepProps & { codes: readonly string[] }) {
  return (
    <>
      <h2 className="text-lg font-semibold">Keep your backup codes</h2>
      <Notice tone="warn" alert>
        Each signs you in once if you lose your device. They are not shown again.
      </Notice>
      <CopyBlock label="Backup codes" text={codes.join('\n')} />
      <Button className="justify-self-start" onClick={() => go({ name: 'overview' })}>
        I have kept them
      </Button>
    </>
  )
}

interface StepFormProps {
  title: string
  action: string
  doing: { mutate: () => void; isPending: boolean; error: unknown }
  onCancel: () => void
  children: ReactNode
}

function StepForm({ title, action, doing, onCancel, children }: StepFormProps) {
  return (
    <form
      className="grid gap-4"
      onSubmit={(event: SubmitEvent) => {
        event.preventDefault()
        if (!doing.isPending) doing.mutate()
      }}
    >
      <h2 className="text-lg font-semibold">{title}</h2>
      {children}
      {doing.error !== null && (
        <Notice tone="danger" alert>
          {problemWords(doing.error)}
        </Notice>
      )}
      <div className="flex flex-wrap gap-3">
        <Button type="submit" busy={doing.isPending}>
          {action}
        </Button>
        <Button tone="secondary" onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </form>
  )
}
