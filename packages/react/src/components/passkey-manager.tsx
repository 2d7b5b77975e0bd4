'use client'
import { useRef } from 'react'
import type { CardProps } from '../forms/card.tsx'
import { Card } from '../forms/card.tsx'
import { useParts } from '../hooks/auth-context.ts'
import { useAuth } from '../hooks/use-auth.ts'
import { useList } from '../hooks/use-list.ts'
import { ListContent } from './list-content.tsx'
import { AddPasskey } from './add-passkey.tsx'
import { PasskeyItem } from './passkey-item.tsx'

/** The passkeys of the person who is signed in: add, rename, delete. */
export function PasskeyManager(card: CardProps) {
  const { texts, actions } = useParts()
  const { user } = useAuth()
  const { rows, error, reload } = useList(user?.id, actions.listPasskeys)
  const list = useRef<HTMLDivElement>(null)
  const showNews = async (): Promise<void> => {
    await reload()
    // What had the focus is gone.
    list.current?.focus()
  }
  const remove = async (id: string): Promise<void> => {
    await actions.deletePasskey(id)
    await showNews()
  }
  return (
    <Card
      {...card}
      name="passkeys"
      title={card.title === undefined ? texts.passkeys : card.title}
      text={texts.passkeysText}
    >
      <div ref={list} tabIndex={-1} className="cs-list" role="group" aria-label={texts.passkeys}>
        <ListContent rows={rows} error={error} reload={reload} none={texts.passkeysNone}>
          {(passkey) => (
            <PasskeyItem key={passkey.id} passkey={passkey} reload={reload} remove={remove} />
          )}
        </ListContent>
      </div>
      <AddPasskey onAdded={showNews} />
    </Card>
  )
}
