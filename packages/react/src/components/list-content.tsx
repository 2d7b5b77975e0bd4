'use client'
import type { ReactNode } from 'react'
import { ActionButton } from '../forms/action-button.tsx'
import { useParts } from '../hooks/auth-context.ts'
import type { List } from '../hooks/use-list.ts'
import { describeError } from '../texts/describe-error.ts'

interface ListContentProps<Row> extends List<Row> {
  /** What stands there when there is nothing. */
  readonly none: string
  readonly children: (row: Row) => ReactNode
}

/** Rows, or why there are none: not yet, none at all, or a server that is away. */
export function ListContent<Row>({ rows, error, reload, none, children }: ListContentProps<Row>) {
  const { texts } = useParts()
  if (error && !rows) {
    return (
      <div className="cs-failed">
        <p className="cs-text">{describeError(error, texts)}</p>
        <ActionButton action={reload}>{texts.tryAgain}</ActionButton>
      </div>
    )
  }
  if (!rows) return <p className="cs-text">{texts.loading}</p>
  if (rows.length === 0) return <p className="cs-text">{none}</p>
  return <ul className="cs-items">{rows.map(children)}</ul>
}
