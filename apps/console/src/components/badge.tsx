import type { ReactNode } from 'react'
import { Icon, type IconName } from './icon.tsx'

const tones = {
  neutral: 'bg-sunken text-muted ring-line',
  accent: 'bg-accent-soft text-accent ring-transparent',
  warn: 'bg-warn-soft text-warn ring-transparent',
  good: 'bg-good-soft text-good ring-transparent',
  danger: 'bg-danger-soft text-danger ring-transparent',
} as const

/** A badge's colour; the words carry the meaning. */
export type BadgeTone = keyof typeof tones

/** A short fact about the thing beside it. */
export function Badge({
  tone,
  icon,
  children,
}: {
  tone: BadgeTone
  icon?: IconName
  children: ReactNode
}) {
  return (
    <span
      className={`inline-flex items-center gap-1.5 rounded-full px-2.5 py-0.5 text-[0.8125rem] font-medium whitespace-nowrap ring-1 ring-inset ${tones[tone]}`}
    >
      {icon !== undefined && <Icon name={icon} className="size-3.5" />}
      {children}
    </span>
  )
}

/** Says whether a capability only reads. */
export function EffectBadge({ readOnly }: { readOnly: boolean }) {
  return readOnly ? (
    <Badge tone="neutral" icon="eye">
      Reads
    </Badge>
  ) : (
    <Badge tone="warn" icon="pen">
      Changes things
    </Badge>
  )
}
