import { ConfigurationError, isLoopback } from '../env.ts'
import { parseEmail } from './address.ts'
import type { MailTransport } from './transport.ts'

/** Which mail server takes our e-mails, and who they come from. */
export interface SmtpOptions {
  /** `smtp://user:password@host:587` (with STARTTLS) or `smtps://user:password@host:465`. */
  readonly url: string
  /** The sender: `no-reply@example.com` or `Example <no-reply@example.com>`. */
  readonly from: string
  /**
   * Speaks `smtp://` without encryption to a server that is not on this machine. Links that sign
   * people in then cross the network in the clear.
   *
   * @default false
   */
  readonly dangerouslyAllowPlaintext?: boolean
}

/** A transport over SMTP. It connects when there is something to send, and never before. */
export function smtp(options: SmtpOptions): MailTransport {
  const server = parseServer(options)
  const from = parseSender(options.from)
  return {
    async send({ to, ...content }) {
      // Loaded with the first message, so that importing this package costs nothing.
      const { createTransport } = await import('nodemailer')
      const transport = createTransport(server)
      // As an object: a text would be parsed, and a comma in it would be a second recipient.
      await transport.sendMail({ from, to: { name: '', address: to }, ...content })
    },
  }
}

function parseServer({ url, dangerouslyAllowPlaintext = false }: SmtpOptions) {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const secure = parsed?.protocol === 'smtps:'
  if (!parsed?.hostname || !(secure || parsed.protocol === 'smtp:') || parsed.search) {
    throw new ConfigurationError('The mail server must be given as smtp://user:password@host:587.')
  }
  const { hostname, username, password } = parsed
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(parsed.port) || (secure ? 465 : 587),
    secure,
    requireTLS: !secure && !dangerouslyAllowPlaintext && !isLoopback(hostname),
    ...(username && { auth: { user: decoded(username), pass: decoded(password) } }),
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch (cause) {
    throw new ConfigurationError(
      'User and password of the mail server must be percent-encoded in its URL.',
      { cause },
    )
  }
}

function parseSender(from: string): { name: string; address: string } {
  const [, name = '', inner] = /^([^<>\r\n]*)<([^<>]+)>$/.exec(from.trim()) ?? []
  const address = parseEmail(inner ?? from.trim())
  if (address) return { name: name.trim().replace(/^"(.*)"$/, '$1'), address }
  throw new ConfigurationError(
    'The sender of e-mails must be an address such as Example <no-reply@example.com>.',
  )
}
