import { Link, Navigate, useLocation } from 'react-router'
import { BackInApp } from '../components/back-in-app.tsx'
import { buttonClass } from '../components/button.tsx'
import { Stopped } from '../components/consent/stopped.tsx'
import { FocusedLayout } from '../components/focused-layout.tsx'
import { Icon } from '../components/icon.tsx'
import { Notice } from '../components/notice.tsx'
import { PageHeading } from '../components/page-heading.tsx'
import { PageSkeleton } from '../components/skeleton.tsx'
import { Unavailable } from '../components/unavailable.tsx'
import { useAccountChoice } from '../hooks/use-interaction.ts'
import { otherAccount, useOAuthRequest } from '../hooks/use-oauth-request.ts'
import { useSession } from '../hooks/use-session.ts'
import { opensApp } from '../lib/leave.ts'
import type { OAuthRequest } from '../lib/oauth-request.ts'
import { problemWords } from '../lib/problem-words.ts'

/** Where a person chooses with which account an application works. */
export function SelectAccountPage() {
  const request = useOAuthRequest()
  const session = useSession()
  const { search } = useLocation()
  if (session.data === null && request !== null) {
    return <Navigate to={`/sign-in${search}`} replace />
  }
  if (session.isPending) return <PageSkeleton />
  return (
    <FocusedLayout>
      {request === null ? (
        <Stopped
          title="Nothing to choose"
          text="This page belongs to a request of an app. Start in the app, and it leads you here."
        />
      ) : session.data ? (
        <Choice person={session.data.user} request={request} search={search} />
      ) : (
        <Unavailable />
      )}
    </FocusedLayout>
  )
}

interface ChoiceProps {
  person: { name: string; email: string }
  request: OAuthRequest
  search: string
}

function Choice({ person, request, search }: ChoiceProps) {
  const choice = useAccountChoice(request)
  if (choice.data !== undefined && opensApp(choice.data)) {
    return <BackInApp title="You are signed in" url={choice.data} />
  }
  return (
    <div className="card p-6 sm:p-8">
      <PageHeading title="Which account?">
        <p>An app asks for access. Choose the account that it should work with.</p>
      </PageHeading>
      <ul className="mt-6 grid gap-3">
        <li>
          <button
            type="button"
            aria-busy={choice.isPending || undefined}
            onClick={() => !choice.isPending && choice.mutate()}
            className="flex w-full items-center gap-3.5 rounded-lg border border-control px-4 py-3 text-left transition-colors hover:bg-sunken"
          >
            <span className="min-w-0 flex-1">
              <span className="block font-medium wrap-anywhere">{person.name}</span>
              <span className="block text-sm text-muted wrap-anywhere">{person.email}</span>
            </span>
            <Icon name="arrow" className="size-5 text-muted" />
          </button>
        </li>
        <li>
          <Link
            to={`/sign-in${search}`}
            state={otherAccount}
            className={`w-full ${buttonClass('secondary')}`}
          >
            Use another account
          </Link>
        </li>
      </ul>
      {choice.error !== null && (
        <div className="mt-4">
          <Notice tone="danger" alert>
            {problemWords(choice.error)}
          </Notice>
        </div>
      )}
    </div>
  )
}
