'use client'
import { ActionButton } from '../forms/action-button.tsx'
import { useParts } from '../hooks/auth-context.ts'
import { fill } from '../texts/texts.ts'

/** A provider people can sign in with. */
export interface Provider {
  /** Its id at the server, such as `google`. */
  readonly id: string
  /** What people call it, such as `Google`. */
  readonly name: string
}

/** Options of {@link ProviderButtons}. */
export interface ProviderButtonsProps {
  readonly providers: readonly Provider[]
  /** Where the provider sends the browser back to. @default the current page */
  readonly returnTo?: string | undefined
}

/** One button for each provider. */
export function ProviderButtons({ providers, returnTo }: ProviderButtonsProps) {
  const { texts, actions } = useParts()
  return providers.map(({ id, name }) => (
    <ActionButton key={id} icon={id} action={() => actions.signInWithProvider(id, { returnTo })}>
      {fill(texts.continueWith, { name })}
    </ActionButton>
  ))
}
