import { Link, Navigate, useLocation } from 'react-router'
import { BackInApp } from '../components/back-in-app.tsx'
import { buttonClass } from '../components/button.tsx'
import { Consent } from '../components/consent/consent.tsx'
import { Stopped } from '../components/consent/stopped.tsx'
import { FocusedLayout } from '../components/focused-layout.tsx'
import { PageSkeleton, RequestSkeleton } from '../components/skeleton.tsx'
import { Unavailable } from '../components/unavailable.tsx'
import { useInteraction, useInteractionDecision } from '../hooks/use-interaction.ts'
import { otherAccount, useOAuthRequest } from '../hooks/use-oauth-request.ts'
import { useSession } from '../hooks/use-session.ts'
import { isUnavailable } from '../lib/api-error.ts'
import { opensApp } from '../lib/leave.ts'
import { authorizePath, type OAuthRequest } from '../lib/oauth-request.ts'
import { isSpent } from '../lib/problem-words.ts'

/** Where a person sees what an application asks for, and decides. */
export function ConsentPage() {
  const request = useOAuthRequest()
  const session = useSession()
  const { search } = useLocation()
  if (request === null) {
    return (
      <FocusedLayout>
        <Stopped
          title="Nothing to decide"
          text="This page belongs to a request of an app. Start in the app, and it leads you here."
        />
      </FocusedLayout>
    )
  }
  if (session.data === null) return <Navigate to={`/sign-in${search}`} replace />
  if (session.data === undefined) {
    if (session.isPending) return <PageSkeleton />
    return (
      <FocusedLayout>
        <Unavailable />
      </FocusedLayout>
    )
  }
  return (
    <FocusedLayout width="wide">
      {/* Another person starts over. */}
      <Request key={session.data.user.id} request={request} />
    </FocusedLayout>
  )
}

function Request({ request }: { request: OAuthRequest }) {
  const { search } = useLocation()
  const { data: view, error } = useInteraction(request.signed)
  const decision = useInteractionDecision(request.signed)
  if (decision.data !== undefined && opensApp(decision.data.url)) {
    const title = decision.data.decision === 'allow' ? 'Allowed' : 'Denied'
    return <BackInApp title={title} url={decision.data.url} />
  }
  if (isSpent(error) || isSpent(decision.error)) return <Spent request={request} />
  if (view === undefined) {
    if (error === null) return <RequestSkeleton />
    return isUnavailable(error) ? <Unavailable /> : <Spent request={request} />
  }
  return (
    <Consent
      view={view}
      sending={decision}
      other={
        <Link to={`/sign-in${search}`} state={otherAccount} className={buttonClass('secondary')}>
          Use another account
        </Link>
      }
    />
  )
}

/** For a request that was decided before, or waited too long. */
function Spent({ request }: { request: OAuthRequest }) {
  return (
    <Stopped
      title="This request is over"
      text="It was decided before, or it waited too long. Nothing more was allowed. Go back to the app, or start the same request again."
      again={authorizePath(request)}
    />
  )
}
