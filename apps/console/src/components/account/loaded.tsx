import type { ReactNode } from 'react'
import type { UseQueryResult } from '@tanstack/react-query'
import { isUnavailable } from '../../lib/api-error.ts'
import { problemWords } from '../../lib/problem-words.ts'
import { Notice } from '../notice.tsx'
import { StaleNotice } from '../unavailable.tsx'

interface LoadedProps<T> {
  query: Pick<UseQueryResult<T>, 'data' | 'error'>
  skeleton: ReactNode
  children: (data: T) => ReactNode
}

/** Shows a stand-in, the data, or what went wrong; keeps the last data while the server is away. */
export function Loaded<T>({ query: { data, error }, skeleton, children }: LoadedProps<T>) {
  if (data === undefined) {
    if (error === null) return skeleton
    return (
      <>
        <Notice tone={isUnavailable(error) ? 'warn' : 'danger'} alert>
          {isUnavailable(error)
            ? 'The server cannot be reached right now. This page comes back by itself.'
            : problemWords(error)}
        </Notice>
        {isUnavailable(error) && <div className="mt-4">{skeleton}</div>}
      </>
    )
  }
  return (
    <>
      {isUnavailable(error) && <StaleNotice />}
      {children(data)}
    </>
  )
}
