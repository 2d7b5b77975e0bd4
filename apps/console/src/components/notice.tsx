import type { ReactNode } from 'react'
import { Icon, type IconName } from './icon.tsx'

/** What kind of news a notice brings. */
export type NoticeTone = 'info' | 'warn' | 'danger' | 'good'

const looks: Readonly<Record<NoticeTone, { icon: IconName; className: string }>> = {
  info: { icon: 'info', className: 'bg-accent-soft text-ink [&>svg]:text-accent' },
  warn: { icon: 'warning', className: 'bg-warn-soft text-warn' },
  danger: { icon: 'warning', className: 'bg-danger-soft text-danger' },
  good: { icon: 'check', className: 'bg-good-soft text-good' },
}

interface NoticeProps {
  tone: NoticeTone
  children: ReactNode
  /** Read out at once; for news that follows from what the person just did. */
  alert?: boolean
}

/** A short message beside what it is about. */
export function Notice({ tone, children, alert = false }: NoticeProps) {
  const { icon, className } = looks[tone]
  return (
    <div
      role={alert ? 'alert' : undefined}
      className={`flex items-start gap-2.5 rounded-lg px-3.5 py-2.5 text-sm ${className}`}
    >
      <Icon name={icon} className="mt-0.5 size-4.5" />
      <div className="min-w-0 flex-1">{children}</div>
    </div>
  )
}
