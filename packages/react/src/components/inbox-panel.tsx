'use client'
import { ActionButton } from '../forms/action-button.tsx'
import { Button } from '../forms/button.tsx'
import { Card, type CardProps } from '../forms/card.tsx'
import { useParts } from '../hooks/auth-context.ts'
import { fill } from '../texts/texts.ts'

interface InboxPanelProps extends Omit<CardProps, 'title'> {
  readonly kind: 'verify' | 'again' | 'reset'
  readonly email: string
  readonly onBack: () => void
  /** Sends the e-mail again. @default the one that confirms the address */
  readonly resend?: () => Promise<void>
}

const texts = { verify: 'inboxVerify', again: 'inboxAgain', reset: 'inboxReset' } as const

/** Says that an e-mail is on its way, and lets it be sent again. */
export function InboxPanel({ kind, email, onBack, resend, ...card }: InboxPanelProps) {
  const parts = useParts()
  const send = resend ?? (() => parts.actions.sendVerificationEmail({ email }))
  return (
    <Card
      {...card}
      name="inbox"
      title={parts.texts.inboxTitle}
      text={fill(parts.texts[texts[kind]], { email: email.trim() })}
      focused
    >
      <ActionButton action={send}>{parts.texts.sendAgain}</ActionButton>
      <Button tone="quiet" onClick={onBack}>
        {parts.texts.back}
      </Button>
    </Card>
  )
}
