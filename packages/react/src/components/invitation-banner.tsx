'use client'
import { ActionButton } from '../forms/action-button.tsx'
import { useParts } from '../hooks/auth-context.ts'
import { useAuth } from '../hooks/use-auth.ts'
import { useList } from '../hooks/use-list.ts'
import { fill } from '../texts/texts.ts'

/** Options of {@link InvitationBanner}. */
export interface InvitationBannerProps {
  readonly className?: string
  /** Called when an invitation was accepted and `useAuth` knows the new organization. */
  readonly onAccept?: () => void
}

/** Open invitations of a person whose address is confirmed; nothing otherwise. Blocks nothing. */
export function InvitationBanner({ className, onAccept }: InvitationBannerProps) {
  const { texts, actions } = useParts()
  const { user } = useAuth()
  const owner = user?.emailVerified === true ? user.id : undefined
  const { rows = [], reload } = useList(owner, actions.listInvitations)
  if (rows.length === 0) return null
  const accept = async (id: string): Promise<void> => {
    await actions.acceptInvitation(id)
    await reload()
    onAccept?.()
  }
  const decline = async (id: string): Promise<void> => {
    await actions.rejectInvitation(id)
    await reload()
  }
  return (
    <section
      className={['cs-banner', className].filter(Boolean).join(' ')}
      aria-label={texts.invitations}
    >
      {rows.map(({ id, organizationName }) => (
        <div key={id} className="cs-invitation">
          <p>{fill(texts.invitation, { name: organizationName })}</p>
          <ActionButton tone="primary" action={() => accept(id)}>
            {texts.accept}
          </ActionButton>
          <ActionButton tone="quiet" action={() => decline(id)}>
            {texts.decline}
          </ActionButton>
        </div>
      ))}
    </section>
  )
}
