import { useState } from 'react'
import type { InteractionDecision, InteractionView } from '../api/provider-contract.ts'
import { chosenScopes } from '../lib/consent-words.ts'

/** Holds what a person leaves out and for whom they decide, and makes the two decisions of it. */
export function useConsentChoices(view: InteractionView) {
  const { ticket, organizations } = view
  const [unticked, setUnticked] = useState<ReadonlySet<string>>(new Set())
  const [organization, setOrganization] = useState(
    organizations.find(({ active }) => active)?.id ?? '',
  )
  const allow: InteractionDecision = {
    ticket,
    decision: 'allow',
    scopes: chosenScopes(view, unticked),
    organization_id: organization === '' ? null : organization,
  }
  const deny: InteractionDecision = { ticket, decision: 'deny' }
  return { unticked, setUnticked, organization, setOrganization, allow, deny }
}
