import type { ComponentProps, MouseEvent } from 'react'

/** How much a button asks for attention. */
export type ButtonTone = 'primary' | 'secondary' | 'danger' | 'caution' | 'quiet'

const tones: Readonly<Record<ButtonTone, string>> = {
  primary: 'bg-accent text-on-accent hover:bg-accent-strong border-transparent',
  secondary: 'bg-surface text-ink border-control hover:bg-sunken',
  danger: 'bg-danger text-on-danger border-transparent hover:brightness-90',
  caution: 'bg-surface text-danger border-control hover:bg-danger-soft hover:border-danger',
  quiet: 'bg-transparent text-accent border-transparent hover:bg-accent-soft',
}

/** The look of a button, for links that act as one. */
export function buttonClass(tone: ButtonTone = 'primary'): string {
  return `inline-flex min-h-10.5 items-center justify-center gap-2 rounded-lg border px-4 py-2 text-center font-medium leading-tight transition-colors aria-disabled:opacity-55 aria-disabled:cursor-not-allowed ${tones[tone]}`
}

interface ButtonProps extends ComponentProps<'button'> {
  tone?: ButtonTone
  /** Something is under way: the button keeps its focus and does nothing. */
  busy?: boolean
}

/** A button that stays focusable while busy or disabled, so that keyboard users keep their place. */
export function Button({
  tone,
  busy = false,
  disabled,
  onClick,
  className = '',
  ...rest
}: ButtonProps) {
  const inert = busy || disabled === true
  const click = (event: MouseEvent<HTMLButtonElement>): void => {
    if (inert) event.preventDefault()
    else onClick?.(event)
  }
  return (
    <button
      type="button"
      {...rest}
      aria-disabled={inert || undefined}
      aria-busy={busy || undefined}
      onClick={click}
      className={`${buttonClass(tone)} ${className}`}
    />
  )
}
