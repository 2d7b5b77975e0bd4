import { needsFreshSession } from '../lib/api-error.ts'
import { problemWords } from '../lib/problem-words.ts'
import { Notice } from './notice.tsx'
import { Reauthenticate } from './reauthenticate.tsx'

interface ProblemProps {
  /** Something the person just tried. */
  attempt: { readonly error: unknown; readonly reset: () => void }
  /** What they tried to do, after “to”. */
  to: string
  again: () => void
}

/** Why something did not work. When it takes fresh proof of who is there, asks for it and goes on. */
export function Problem({ attempt: { error, reset }, to, again }: ProblemProps) {
  if (error === null || error === undefined) return null
  if (needsFreshSession(error)) {
    return (
      <Reauthenticate
        reason={`It has been a while since you signed in. Confirm it is you to ${to}.`}
        onDone={again}
        onCancel={reset}
      />
    )
  }
  return (
    <Notice tone="danger" alert>
      {problemWords(error)}
    </Notice>
  )
}
