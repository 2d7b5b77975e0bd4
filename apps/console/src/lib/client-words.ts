import type { ClientInput, ClientView, Registration } from '../api/provider-contract.ts'

/** A kind of application, as people who make one think of it. */
export interface ClientKind {
  id: 'web' | 'spa' | 'native' | 'device' | 'service'
  title: string
  text: string
  type: ClientInput['client_type']
  grants: readonly string[]
  /** Whether a browser leads back to it. */
  hasRedirect: boolean
  example: string
}

const byCode = ['authorization_code', 'refresh_token']

/** The kinds of applications that can be made. */
export const clientKinds: readonly ClientKind[] = [
  {
    id: 'web',
    title: 'Website with a server',
    text: 'Its server keeps a secret. Most web frameworks.',
    type: 'confidential',
    grants: byCode,
    hasRedirect: true,
    example: 'https://app.example.com/auth/callback',
  },
  {
    id: 'spa',
    title: 'Website without a server',
    text: 'It runs in the browser alone, where no secret can be kept.',
    type: 'public',
    grants: byCode,
    hasRedirect: true,
    example: 'https://app.example.com/callback',
  },
  {
    id: 'native',
    title: 'App on a phone or computer',
    text: 'Also command-line tools that open a browser.',
    type: 'public',
    grants: byCode,
    hasRedirect: true,
    example: 'http://127.0.0.1/callback',
  },
  {
    id: 'device',
    title: 'Device without a browser',
    text: 'It shows a code that people enter here.',
    type: 'public',
    grants: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
    hasRedirect: false,
    example: '',
  },
  {
    id: 'service',
    title: 'Service without people',
    text: 'It acts for itself, with a secret.',
    type: 'confidential',
    grants: ['client_credentials'],
    hasRedirect: false,
    example: '',
  },
]

/** What a group of applications is called. */
export const registrationWords: Readonly<Record<Registration, { title: string; text: string }>> = {
  manual: {
    title: 'Set up here',
    text: 'Made by an administrator. People see their names as known.',
  },
  metadata_document: {
    title: 'Described by a document',
    text: 'Their id is an address where they describe themselves.',
  },
  dynamic: {
    title: 'Registered by themselves',
    text: 'They came on their own. Their names are what they say, and nobody checked them.',
  },
}

/** Applications by how they became known, in the order of trust; empty groups are left out. */
export function groupClients<Client extends Pick<ClientView, 'registration'>>(
  clients: readonly Client[],
): { registration: Registration; clients: Client[] }[] {
  return (['manual', 'metadata_document', 'dynamic'] as const)
    .map((registration) => ({
      registration,
      clients: clients.filter((client) => client.registration === registration),
    }))
    .filter((group) => group.clients.length > 0)
}

/** What an application is called; its id tells apart those that have no name. */
export function clientName({
  name,
  client_id: id,
}: Pick<ClientView, 'name' | 'client_id'>): string {
  return name || `Unnamed app ${id.slice(0, 24)}`
}

/** Counts people in running text. */
export function peopleWord(count: number): string {
  if (count === 0) return 'Nobody yet'
  return count === 1 ? 'One person' : `${count} people`
}

/** The addresses that were typed, one on each line. */
export function readLines(text: string): string[] {
  return text
    .split(/\s+/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** Says what is wrong with an address that people are sent back to, or nothing. */
export function redirectProblem(address: string): string | undefined {
  if (!URL.canParse(address))
    return `“${address}” is not an address. Write all of it, with https://.`
  const { protocol, hostname, username, password } = new URL(address)
  if (address.includes('#')) return `“${address}” must end before the #.`
  if (username !== '' || password !== '') return `“${address}” must not contain a user name.`
  if (protocol === 'https:') return undefined
  if (protocol === 'http:') {
    return /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
      ? undefined
      : `“${address}” needs https. Only this computer itself (127.0.0.1, localhost) goes without.`
  }
  return /^[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:$/.test(protocol)
    ? undefined
    : `“${address}” needs a scheme like a turned-around domain, such as com.example.app:/callback.`
}

/** The first thing wrong with several addresses. */
export function redirectsProblem(addresses: readonly string[]): string | undefined {
  if (addresses.length === 0) return 'Write at least one address.'
  return addresses.map(redirectProblem).find((problem) => problem !== undefined)
}

interface EnvSource {
  issuer: string
  clientId: string
  clientSecret?: string | null | undefined
  scopes: readonly string[]
}

/** The settings of an application as a file: what `@countersign/client` reads. */
export function envFile({ issuer, clientId, clientSecret, scopes }: EnvSource): string {
  return [
    `OAUTH_ISSUER=${issuer}`,
    `OAUTH_CLIENT_ID=${clientId}`,
    ...(clientSecret ? [`OAUTH_CLIENT_SECRET=${clientSecret}`] : []),
    `OAUTH_SCOPES="${scopes.join(' ')}"`,
  ].join('\n')
}
