import { Link } from 'react-router'
import { Icon } from './icon.tsx'

/** Leads from a page to the one above it. */
export function BackLink({ to, children }: { to: string; children: string }) {
  return (
    <Link
      to={to}
      className="-mx-1 inline-flex min-h-8 items-center gap-1.5 justify-self-start rounded-md px-1 text-sm font-medium text-muted hover:text-ink"
    >
      <Icon name="arrow" className="size-4 rotate-180" />
      {children}
    </Link>
  )
}
