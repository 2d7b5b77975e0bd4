import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, NavLink, Outlet, useNavigate } from 'react-router'
import { signOut } from '../../api/auth.ts'
import { useSession } from '../../hooks/use-session.ts'
import { Button } from '../button.tsx'
import { Wordmark } from '../mark.tsx'

const pages = [
  ['/account/agents', 'Agents'],
  ['/account/sessions', 'Sessions'],
  ['/account/passkeys', 'Passkeys'],
] as const

/** The frame of the account pages. */
export function AccountLayout() {
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
            className="-ml-1 flex min-h-14 items-center rounded-md px-1 sm:min-h-16"
          >
            <Wordmark />
          </Link>
          <nav
            aria-label="Account"
            className="order-last -mx-1 flex w-full gap-1 sm:order-none sm:w-auto"
          >
            {pages.map(([to, name]) => (
              <NavLink
                key={to}
                to={to}
                className="relative flex min-h-11 items-center rounded-md px-3 font-medium text-muted hover:text-ink aria-[current=page]:text-ink aria-[current=page]:after:absolute aria-[current=page]:after:inset-x-3 aria-[current=page]:after:bottom-0 aria-[current=page]:after:h-0.5 aria-[current=page]:after:rounded-full aria-[current=page]:after:bg-accent sm:min-h-16"
              >
                {name}
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
