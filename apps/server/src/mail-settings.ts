import { ConfigurationError, smtp } from '@countersign/server'
import type { SmtpOptions } from '@countersign/server'

/** Reads the mail server: `COUNTERSIGN_SMTP_URL` and `COUNTERSIGN_MAIL_FROM` go together. */
export function parseMail(
  url: string | undefined,
  from: string | undefined,
  plaintext: boolean | undefined,
): SmtpOptions | undefined {
  if (url === undefined && from === undefined) return undefined
  if (url === undefined || from === undefined) {
    throw new ConfigurationError('COUNTERSIGN_SMTP_URL and COUNTERSIGN_MAIL_FROM go together.')
  }
  const options = { url, from, dangerouslyAllowPlaintext: plaintext ?? false }
  // It opens nothing, and refuses what cannot work.
  smtp(options)
  return options
}
