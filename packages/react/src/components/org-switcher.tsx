'use client'
import { useEffect, useId, type ComponentProps } from 'react'
import { useParts } from '../hooks/auth-context.ts'
import { useAction } from '../hooks/use-action.ts'
import { useAuth } from '../hooks/use-auth.ts'
import { useList } from '../hooks/use-list.ts'
import { describeError } from '../texts/describe-error.ts'

/** Options of {@link OrgSwitcher}. */
export interface OrgSwitcherProps {
  /** Whether one can also work in none. @default true */
  readonly personal?: boolean
  readonly className?: string
  /** Called when another organization is active and `useAuth` knows it. */
  readonly onSwitch?: () => void
}

/** Chooses the organization to work in, in every tab. Takes one line, so it fits into a sidebar. */
export function OrgSwitcher({ personal = true, className, onSwitch }: OrgSwitcherProps) {
  const id = useId()
  const { texts, actions } = useParts()
  const { session } = useAuth()
  const active = session?.activeOrganizationId ?? ''
  const { organizations, error } = useOrganizations(active)
  const change = useAction(async (organizationId: string | null) => {
    await actions.setActiveOrganization(organizationId)
    onSwitch?.()
  })
  const handle: ComponentProps<'select'>['onChange'] = ({ target }) =>
    void change.run(target.value || null)
  const failure = change.error ?? error
  return (
    <div className={['cs-switcher', className].filter(Boolean).join(' ')}>
      <label className="cs-label" htmlFor={id}>
        {texts.organization}
      </label>
      <select
        id={id}
        className="cs-input"
        value={active}
        onChange={handle}
        aria-busy={change.pending || undefined}
      >
        {(personal || active === '') && <option value="">{texts.personal}</option>}
        {organizations.map((organization) => (
          <option key={organization.id} value={organization.id}>
            {organization.name}
          </option>
        ))}
      </select>
      <p className="cs-alert" role="alert">
        {failure && describeError(failure, texts)}
      </p>
    </div>
  )
}

/** The organizations to choose from. The active one is among them before its name is known. */
function useOrganizations(active: string) {
  const { texts, actions } = useParts()
  const { user } = useAuth()
  const { rows, error, reload } = useList(user?.id, actions.listOrganizations)
  const isListed = active === '' || rows?.some(({ id }) => id === active) === true
  const isNew = rows !== undefined && !isListed
  useEffect(() => {
    // Joined or created after the list was read.
    if (isNew) void reload()
  }, [isNew, active, reload])
  const unnamed = isListed ? [] : [{ id: active, name: texts.loading }]
  return { organizations: [...unnamed, ...(rows ?? [])], error }
}
