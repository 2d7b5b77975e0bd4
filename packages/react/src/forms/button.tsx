'use client'
import type { ComponentProps } from 'react'

/** How a button looks. */
export type ButtonTone = 'primary' | 'secondary' | 'quiet' | 'danger'

interface ButtonProps extends ComponentProps<'button'> {
  readonly tone?: ButtonTone | undefined
  /** An icon of the theme. */
  readonly icon?: string | undefined
  readonly pending?: boolean
}

/** A button that stays where it is, with its focus, while it works. */
export function Button({ tone = 'secondary', icon, pending = false, ...button }: ButtonProps) {
  return (
    <button
      type="button"
      {...button}
      className="cs-button"
      data-tone={tone}
      data-icon={icon}
      data-pending={pending ? '' : undefined}
      aria-disabled={pending || undefined}
      aria-busy={pending || undefined}
    />
  )
}
