import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** A notice that an operator turns into an e-mail. */
export type Notice = Readonly<Record<string, unknown>>

/** The operator's own program that tells people of requests. */
export interface NoticeReceiver {
  readonly url: string
  /** Waits for the next notice. */
  next(): Promise<Notice>
  close(): void
}

/** Starts one on this machine. */
export async function receiveNotices(): Promise<NoticeReceiver> {
  const waiting: ((notice: Notice) => void)[] = []
  const kept: Notice[] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const notice = JSON.parse(body) as Notice
      const taker = waiting.shift()
      if (taker) taker(notice)
      else kept.push(notice)
      response.writeHead(204).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/notices`,
    next: () => {
      const first = kept.shift()
      return first ? Promise.resolve(first) : new Promise((resolve) => waiting.push(resolve))
    },
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
