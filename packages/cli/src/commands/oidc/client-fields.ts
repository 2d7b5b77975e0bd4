import type { CommandOption, Input } from '../../command.ts'
import { UsageError } from '../../usage-error.ts'

/** The options of `create` and `update`, one for each member an administrator may set. */
export const clientOptions = {
  name: { type: 'string', value: '<name>', summary: 'What people are shown' },
  description: { type: 'string', value: '<text>', summary: 'What it is for' },
  'homepage-url': { type: 'string', value: '<url>', summary: 'Its page' },
  icon: { type: 'string', value: '<url>', summary: 'Its picture' },
  'policy-url': { type: 'string', value: '<url>', summary: 'What it does with data' },
  'terms-url': { type: 'string', value: '<url>', summary: 'Its terms' },
  type: {
    type: 'string',
    value: '<type>',
    summary: 'confidential (it runs on a server and keeps a secret) or public',
  },
  'redirect-uris': {
    type: 'list',
    value: '<url>...',
    summary: 'Where codes may be sent, exactly; with spaces or commas between them',
  },
  'post-logout-redirect-uris': {
    type: 'list',
    value: '<url>...',
    summary: 'Where people may be sent after signing out',
  },
  'backchannel-logout-uri': {
    type: 'string',
    value: '<url>',
    summary: 'Told when somebody signs out',
  },
  scopes: {
    type: 'list',
    value: '<scope>...',
    summary: 'What it may ask for, as offline_access; see: countersign oidc scopes',
  },
  'default-scopes': {
    type: 'list',
    value: '<scope>...',
    summary: 'What it gets when it names none',
  },
  'grant-types': {
    type: 'list',
    value: '<grant>...',
    summary: 'How it gets tokens, such as client_credentials, device_code, ciba',
  },
  'auth-method': {
    type: 'string',
    value: '<method>',
    summary:
      'How it proves itself: client_secret_basic, client_secret_post, private_key_jwt or none',
  },
  'ciba-mode': {
    type: 'string',
    value: '<mode>',
    summary: 'How it learns of answers (CIBA): poll, or ping with --ciba-ping-url',
  },
  'ciba-ping-url': {
    type: 'string',
    value: '<url>',
    summary: 'Told when somebody answered (CIBA)',
  },
  'jwks-uri': { type: 'string', value: '<url>', summary: 'Its keys, for private_key_jwt' },
  organization: { type: 'string', value: '<id>', summary: 'The organization that owns it' },
  'access-token-lifetime': { type: 'string', value: '<seconds>', summary: 'Of its access tokens' },
  'refresh-token-lifetime': {
    type: 'string',
    value: '<seconds>',
    summary: 'Of its refresh tokens',
  },
  'allowed-users': {
    type: 'list',
    value: '<user>...',
    summary: 'Ids of the only people who may use it',
  },
  'subject-type': { type: 'string', value: '<type>', summary: 'public or pairwise' },
  dpop: { type: 'string', value: '<yes|no>', summary: 'Whether its tokens are bound to a key' },
} satisfies Record<string, CommandOption>

/** What an administrator says about an application; only what was given. */
export type ClientFields = Readonly<Record<string, unknown>>

type Reader = (input: Input, option: string) => unknown

/** Members by option, and how each is read. An empty text or list takes a value away. */
const members: Readonly<Record<keyof typeof clientOptions, readonly [string, Reader]>> = {
  name: ['name', text],
  description: ['description', text],
  'homepage-url': ['homepage_url', url],
  icon: ['icon', url],
  'policy-url': ['policy_url', url],
  'terms-url': ['terms_url', url],
  type: ['client_type', oneOf('public', 'confidential')],
  'redirect-uris': ['redirect_uris', urls],
  'post-logout-redirect-uris': ['post_logout_redirect_uris', urls],
  'backchannel-logout-uri': ['backchannel_logout_uri', url],
  scopes: ['scopes', words],
  'default-scopes': ['default_scopes', orNull(words)],
  'grant-types': ['grant_types', grants],
  'auth-method': ['token_endpoint_auth_method', text],
  'ciba-mode': ['backchannel_token_delivery_mode', oneOf('poll', 'ping')],
  'ciba-ping-url': ['backchannel_client_notification_endpoint', url],
  'jwks-uri': ['jwks_uri', url],
  organization: ['organization_id', text],
  'access-token-lifetime': ['access_token_lifetime', seconds],
  'refresh-token-lifetime': ['refresh_token_lifetime', seconds],
  'allowed-users': ['allowed_users', orNull(words)],
  'subject-type': ['subject_type', oneOf('public', 'pairwise')],
  dpop: ['dpop_bound_access_tokens', yesOrNo],
}

/** Reads the options that were given. Throws `UsageError`. */
export function readClientFields(input: Input): ClientFields {
  return Object.fromEntries(
    Object.entries(members).flatMap(([option, [member, read]]) => {
      const value = read(input, option)
      return value === undefined ? [] : [[member, value]]
    }),
  )
}

/** Redirect URIs as a person types them, with commas or spaces. Throws `UsageError`. */
export function readUrls(texts: readonly string[], option: string): string[] {
  // A comma may stand in a URL; one before the next scheme separates.
  const given = texts.flatMap((value) => value.split(/[\s,]+(?=[a-z][a-z\d+.-]*:)|\s+/i))
  return given.filter((value) => value !== '').map((value) => checkedUrl(value, option))
}

function text(input: Input, option: string): string | null | undefined {
  const value = input.text(option)
  return value === '' ? null : value
}

function url(input: Input, option: string): string | null | undefined {
  const value = text(input, option)
  return value ? checkedUrl(value, option) : value
}

function urls(input: Input, option: string): string[] | undefined {
  const given = input.list(option)
  return given && readUrls(given, option)
}

function words(input: Input, option: string): string[] | undefined {
  const given = input.list(option)
  return given && [...new Set(given.flatMap((value) => value.split(/[\s,]+/)))].filter(Boolean)
}

/** Grant types whose names are URNs, by their last word. */
const grantNames: ReadonlyMap<string, string> = new Map([
  ['device_code', 'urn:ietf:params:oauth:grant-type:device_code'],
  ['ciba', 'urn:openid:params:grant-type:ciba'],
  ['token-exchange', 'urn:ietf:params:oauth:grant-type:token-exchange'],
  ['jwt-bearer', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
])

function grants(input: Input, option: string): string[] | undefined {
  return words(input, option)?.map((name) => grantNames.get(name) ?? name)
}

function orNull(read: (input: Input, option: string) => string[] | undefined): Reader {
  return (input, option) => {
    const value = read(input, option)
    return value?.length === 0 ? null : value
  }
}

function seconds(input: Input, option: string): number | null | undefined {
  const value = text(input, option)
  if (value === undefined || value === null) return value
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value)
  throw new UsageError(`--${option} is a number of seconds, not "${value}".`)
}

function yesOrNo(input: Input, option: string): boolean | undefined {
  const value = oneOf('yes', 'no')(input, option)
  return value === undefined ? undefined : value === 'yes'
}

function oneOf(...allowed: readonly string[]) {
  return (input: Input, option: string): string | undefined => {
    const value = input.text(option)
    if (value === undefined || allowed.includes(value)) return value
    throw new UsageError(`--${option} is ${allowed.join(' or ')}, not "${value}".`)
  }
}

function checkedUrl(value: string, option: string): string {
  if (URL.canParse(value)) return value
  throw new UsageError(`--${option}: "${value}" is not a URL.`)
}
