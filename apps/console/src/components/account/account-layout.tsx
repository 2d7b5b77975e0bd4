import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { Link, NavLink, Outlet, useLocation, useNavigate } from 'react-router'
import { signOut } from '../../api/auth.ts'
import { useApprovals } from '../../hooks/use-agents.ts'
import { useMayAdminister } from '../../hooks/use-clients.ts'
import { useBackchannel } from '../../hooks/use-interaction.ts'
import { useSession } from '../../hooks/use-session.ts'
import { Button } from '../button.tsx'
import { Wordmark } from '../mark.tsx'

const pages = [
  ['/account/agents', 'Agents'],
  ['/account/approvals', 'Approvals'],
  ['/account/apps', 'Apps'],
  ['/account/organizations', 'Organizations'],
  ['/account/keys', 'API keys'],
  ['/account/sessions', 'Sessions'],
  ['/account/passkeys', 'Passkeys'],
  ['/account/second-factor', 'Second factor'],
] as const

const administration = ['/account/applications', 'Applications'] as const

/** The frame of the account pages. */
export function AccountLayout() {
  const nav = useRef<HTMLElement>(null)
  const shown = useMayAdminister() ? [...pages, administration] : pages
  const { pathname } = useLocation()
  useEffect(() => {
    // On a small screen the row scrolls; the place one is at stays in sight.
    const here = nav.current?.querySelector('[aria-current=page]')
    here?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [pathname])
  return (
    <div className="min-h-dvh">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:absolute focus:top-3 focus:left-3 focus:z-10 focus:rounded-lg focus:bg-surface focus:px-4 focus:py-2.5"
      >
        Skip to content
      </a>
      <header className="border-b border-line">
        <div className="mx-auto flex max-w-5xl flex-wrap items-center gap-x-8 px-4 sm:px-6">
          <Link
            to="/account/agents"
            aria-label="Countersign, home"
            className="-ml-1 flex min-h-14 items-center rounded-md px-1"
          >
            <Wordmark />
          </Link>
          <nav
            ref={nav}
            aria-label="Account"
            className="scrollless order-last -mx-4 flex w-[calc(100%+2rem)] overflow-x-auto px-2.5 text-sm sm:-mx-3 sm:w-[calc(100%+1.5rem)] sm:px-0"
          >
            {shown.map(([to, name]) => (
              <NavLink
                key={to}
                to={to}
                className="relative flex min-h-11 items-center rounded-md px-1.5 font-medium whitespace-nowrap text-muted -outline-offset-2 hover:text-ink aria-[current=page]:text-ink aria-[current=page]:after:absolute aria-[current=page]:after:inset-x-1.5 sm:px-3 sm:aria-[current=page]:after:inset-x-3 aria-[current=page]:after:bottom-0 aria-[current=page]:after:h-0.5 aria-[current=page]:after:rounded-full aria-[current=page]:after:bg-accent "
              >
                {name}
                {to === '/account/approvals' && <WaitingCount />}
              </NavLink>
            ))}
          </nav>
          <Person />
        </div>
      </header>
      <main
        id="main"
        tabIndex={-1}
        className="mx-auto w-full max-w-5xl px-4 pt-8 pb-20 outline-none sm:px-6 sm:pt-12"
      >
        <Outlet />
      </main>
    </div>
  )
}

/** How many requests wait for the person; nothing when none does. */
function WaitingCount() {
  const agents = useApprovals().data?.length ?? 0
  const apps = useBackchannel().data?.length ?? 0
  const count = agents + apps
  if (count === 0) return null
  return (
    <span className="ml-1.5 inline-flex min-w-5 items-center justify-center rounded-full bg-accent px-1.5 text-xs leading-5 font-semibold text-on-accent tabular-nums">
      {count}
      <span className="sr-only"> waiting</span>
    </span>
  )
}

function Person() {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const email = useSession().data?.user.email
  const leaving = useMutation({
    mutationFn: signOut,
    onSuccess: async () => {
      await navigate('/sign-in', { replace: true })
      queries.clear()
    },
  })
  return (
    <div className="ml-auto flex min-w-0 items-center gap-3">
      <span className="hidden max-w-64 truncate text-sm text-muted md:inline" title={email}>
        {email}
      </span>
      <Button
        tone="quiet"
        className="-mr-3"
        busy={leaving.isPending}
        onClick={() => leaving.mutate()}
      >
        Sign out
      </Button>
    </div>
  )
}
