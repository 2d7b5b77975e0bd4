import type { ReactNode } from 'react'
import { useDeviceDecision, useDeviceInteraction } from '../../hooks/use-interaction.ts'
import { ApiError, isUnavailable } from '../../lib/api-error.ts'
import { isSpent } from '../../lib/problem-words.ts'
import { OutcomePage } from '../approval/outcome-page.tsx'
import { RequestSkeleton } from '../skeleton.tsx'
import { Unavailable } from '../unavailable.tsx'
import { Consent } from './consent.tsx'
import { Stopped } from './stopped.tsx'

interface DeviceConsentProps {
  code: string
  /** Asks for the code again; the problem is what this server said about this one, if it knows it. */
  children: (problem: unknown) => ReactNode
}

/** What an application on another device asks for, by the code that it shows. */
export function DeviceConsent({ code, children }: DeviceConsentProps) {
  const decision = useDeviceDecision(code)
  const { data: view, error } = useDeviceInteraction(code, decision.data === undefined)
  if (decision.data?.decision === 'allow') {
    return (
      <OutcomePage
        icon="check"
        tone="good"
        title="Allowed"
        text="Go on at your device. You can close this page."
        link={{ to: '/account/apps', label: 'See your connected apps' }}
      />
    )
  }
  if (decision.data !== undefined) {
    return (
      <OutcomePage
        icon="cross"
        tone="neutral"
        title="Denied"
        text="The app gets nothing. You can close this page."
        link={{ to: '/account/apps', label: 'See your connected apps' }}
      />
    )
  }
  if (isSpent(error) || isSpent(decision.error)) {
    return (
      <Stopped
        title="This request is over"
        text="It was decided before, or it waited too long. Nothing more was allowed. Ask your device for a new code."
      />
    )
  }
  if (view === undefined) {
    if (error === null) return <RequestSkeleton />
    if (isUnavailable(error)) return <Unavailable />
    return children(error instanceof ApiError && error.status === 404 ? undefined : error)
  }
  return <Consent view={view} code={code} sending={decision} />
}
