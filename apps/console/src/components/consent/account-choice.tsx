import { useId, type ReactNode } from 'react'
import type { InteractionView } from '../../api/provider-contract.ts'
import { Chip, ChipGroup } from '../choice-chips.tsx'

interface AccountChoiceProps {
  view: InteractionView
  organization: string
  onOrganization: (id: string) => void
  /** Where somebody goes who wants to use another account. */
  other?: ReactNode
}

/** With which account, and for which organization, the application would work. */
export function AccountChoice({ view, organization, onOrganization, other }: AccountChoiceProps) {
  const id = useId()
  const { account, organizations } = view
  return (
    <section aria-labelledby={id} className="card grid gap-4 p-5 sm:p-6">
      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2">
        <div className="min-w-0">
          <h2 id={id} className="text-sm font-normal text-muted">
            With your account
          </h2>
          <p className="font-medium wrap-anywhere">{account.name}</p>
          <p className="text-sm text-muted wrap-anywhere">{account.email}</p>
        </div>
        {other}
      </div>
      {organizations.length > 0 && (
        <ChipGroup legend="For which organization">
          {[{ id: '', name: 'None, only for you' }, ...organizations].map((one) => (
            <Chip
              key={one.id}
              type="radio"
              name={`${id} organization`}
              label={one.name}
              checked={organization === one.id}
              onChange={() => onOrganization(one.id)}
            />
          ))}
        </ChipGroup>
      )}
    </section>
  )
}
