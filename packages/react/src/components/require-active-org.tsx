'use client'
import type { ReactNode } from 'react'
import { ActionButton } from '../forms/action-button.tsx'
import { Card, type CardProps } from '../forms/card.tsx'
import { useParts } from '../hooks/auth-context.ts'
import { useAuth } from '../hooks/use-auth.ts'
import { useList } from '../hooks/use-list.ts'
import { ListContent } from './list-content.tsx'

/** Options of {@link RequireActiveOrg}. */
export interface RequireActiveOrgProps extends CardProps {
  /** What works only inside an organization. */
  readonly children: ReactNode
  /** What somebody sees who belongs to none. @default a sentence */
  readonly none?: ReactNode
}

/**
 * Renders its children inside an organization, and lets a person choose one before.
 *
 * Put it inside `RequireSession`; what is shown is for the eye, and the server decides what is allowed.
 */
export function RequireActiveOrg({ children, none, ...card }: RequireActiveOrgProps) {
  const { user, session } = useAuth()
  if (session?.activeOrganizationId) return children
  return user ? <Choice {...card} owner={user.id} none={none} /> : null
}

interface ChoiceProps extends CardProps {
  readonly owner: string
  readonly none: ReactNode
}

function Choice({ owner, none, ...card }: ChoiceProps) {
  const { texts, actions } = useParts()
  const list = useList(owner, actions.listOrganizations)
  if (none !== undefined && list.rows?.length === 0) return none
  const title = card.title === undefined ? texts.chooseOrganization : card.title
  return (
    <Card {...card} name="choose-organization" title={title}>
      <ListContent {...list} none={texts.noOrganization}>
        {({ id, name }) => (
          <li key={id}>
            <ActionButton action={() => actions.setActiveOrganization(id)}>{name}</ActionButton>
          </li>
        )}
      </ListContent>
    </Card>
  )
}
