import { UsageError } from '../usage-error.ts'

/**
 * The origin of a server a person typed: https, or http on this machine. A missing scheme becomes that.
 *
 * Tokens go there, so nothing else is accepted.
 */
export function readServerAddress(text: string): string {
  const isLocal = (hostname: string) => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
  const scheme = /^(localhost|127\.|\[::1\])/.test(text) ? 'http' : 'https'
  const withScheme = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `${scheme}://${text}`
  const url = URL.canParse(withScheme) ? new URL(withScheme) : undefined
  // What could be a password is not repeated.
  if (url && (url.username !== '' || url.password !== '')) {
    throw new UsageError('The address must have no user name and no password.')
  }
  if (url?.protocol === 'https:') return url.origin
  if (url?.protocol === 'http:' && isLocal(url.hostname)) return url.origin
  throw new UsageError(`"${text}" is no address of a server, as in https://id.example.com.`)
}
