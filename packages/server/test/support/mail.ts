import { vi } from 'vitest'
import { createAuth, developmentInbox } from '../../src/index.ts'
import type { AuthOptions, InboxMessage, MailTransport } from '../../src/index.ts'
import { baseURL, secret } from './auth.ts'

/** Options of an instance whose e-mails a test reads. */
export const mailOptions = {
  baseURL,
  secret,
  rateLimit: false,
  clientAddressHeader: 'x-countersign-client-address',
  trustedOrigins: ['https://app.example.com'],
} satisfies AuthOptions

/** An instance on a database, with an inbox, and what it logged. */
export async function openMail(connectionString: string, transport?: MailTransport) {
  const inbox = developmentInbox()
  const log: string[] = []
  const auth = createAuth({
    ...mailOptions,
    connectionString,
    mail: { transport: transport ?? inbox },
    logger: {
      level: 'info',
      log: (level, message, ...details) => log.push(`${level} ${message} ${details.join(' ')}`),
    },
  })
  await auth.$ready
  return {
    auth,
    inbox,
    log,
    mailTo: (address: string, subject = '') => mailTo(inbox, address, subject),
  }
}

/** The newest e-mail to an address with a subject, once it is there. */
async function mailTo(inbox: InboxReader, address: string, subject: string): Promise<InboxMessage> {
  return vi.waitFor(() => {
    const message = inbox.list().find((one) => one.to === address && one.subject.includes(subject))
    if (!message) throw new Error(`no e-mail to ${address}`)
    return message
  })
}

interface InboxReader {
  list(): readonly InboxMessage[]
}

/** The one link of an e-mail. */
export function linkOf({ text }: Pick<InboxMessage, 'text'>): string {
  const [link, ...more] = text.match(/https?:\/\/\S+/g) ?? []
  if (!link || more.length > 0) throw new Error(`not one link: ${text}`)
  return link
}
