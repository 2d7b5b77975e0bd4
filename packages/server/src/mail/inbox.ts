import { randomUUID } from 'node:crypto'
import type { MailMessage, MailTransport } from './transport.ts'

/** An e-mail that was kept instead of sent. */
export interface InboxMessage extends MailMessage {
  readonly id: string
  readonly sentAt: Date
}

/** A transport for development: it keeps the last e-mails in memory, and sends none. */
export interface DevelopmentInbox extends MailTransport {
  /** The newest first. */
  list(): readonly InboxMessage[]
  find(id: string): InboxMessage | undefined
}

/** Creates an inbox that keeps the last `capacity` messages. @default 100 */
export function developmentInbox(capacity = 100): DevelopmentInbox {
  const kept: InboxMessage[] = []
  return {
    send: async (message) => {
      kept.unshift({ ...message, id: randomUUID(), sentAt: new Date() })
      kept.length = Math.min(kept.length, capacity)
    },
    list: () => [...kept],
    find: (id) => kept.find((message) => message.id === id),
  }
}
