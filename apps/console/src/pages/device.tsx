import { useCallback } from 'react'
import { useSearchParams } from 'react-router'
import type { ApprovalKey } from '../api/approvals.ts'
import { Approval } from '../components/approval/approval.tsx'
import { CodeEntry } from '../components/approval/code-entry.tsx'
import { ClosedRequest } from '../components/approval/outcome-page.tsx'
import { DeviceConsent } from '../components/consent/device-consent.tsx'
import { FocusedLayout } from '../components/focused-layout.tsx'
import { RequestSkeleton } from '../components/skeleton.tsx'
import { StaleNotice, Unavailable } from '../components/unavailable.tsx'
import { useApproval } from '../hooks/use-approval.ts'
import { useClosed } from '../hooks/use-closed.ts'
import { useSession } from '../hooks/use-session.ts'
import { ApiError, isUnavailable } from '../lib/api-error.ts'
import { problemWords } from '../lib/problem-words.ts'
import { formatUserCode, readUserCode, userCodeProblem } from '../lib/user-code.ts'

/** Where a person enters the code of an agent or of an app's device, sees what it asks for and decides. */
export function DevicePage() {
  const email = useSession().data?.user.email
  return (
    <FocusedLayout
      width="wide"
      aside={<p className="text-sm text-muted wrap-anywhere">Signed in as {email}</p>}
    >
      <Request />
    </FocusedLayout>
  )
}

function Request() {
  const [params, setParams] = useSearchParams()
  const code = readUserCode(params.get('code') ?? params.get('user_code') ?? '')
  const approvalId = params.get('approval_id') ?? undefined
  const key = approvalKey(code, approvalId)
  const { data: view, error, isFetching, refetch } = useApproval(key)
  const personId = useSession().data?.user.id
  const refresh = useCallback(() => void refetch(), [refetch])
  const closed = useClosed(view, error, refresh)

  if (view !== undefined) {
    return (
      <>
        {isUnavailable(error) && <StaleNotice />}
        <Approval
          // Another person starts over.
          key={`${view.approval_id} ${personId}`}
          view={view}
          code={key.user_code}
          closed={closed}
          refresh={refresh}
        />
      </>
    )
  }
  if (closed !== undefined) return <ClosedRequest status={closed} />
  if (isUnavailable(error)) return <Unavailable />
  if (isFetching) return <RequestSkeleton />
  const entry = (problem: unknown) => (
    <CodeEntry
      key={code}
      code={code}
      problem={problem === null ? undefined : problemWords(problem)}
      busy={isFetching}
      onSubmit={(entered) => {
        if (readUserCode(entered) === code) refresh()
        else setParams({ code: entered })
      }}
    />
  )
  // No agent has this code, or nobody says so any more: it may be that of an application.
  const isOfApp =
    key.user_code !== undefined && error instanceof ApiError && [404, 429].includes(error.status)
  return isOfApp ? (
    <DeviceConsent key={`${code} ${personId}`} code={key.user_code ?? ''}>
      {(problem) => entry(problem ?? error)}
    </DeviceConsent>
  ) : (
    entry(error)
  )
}

function approvalKey(code: string, approvalId: string | undefined): ApprovalKey {
  if (code === '') return approvalId === undefined ? {} : { approval_id: approvalId }
  return userCodeProblem(code) === undefined ? { user_code: formatUserCode(code) } : {}
}
