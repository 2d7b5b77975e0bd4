import { ConfigurationError } from '../env.ts'

/** What a scope lets a client do, in the words of the consent page. */
export interface ScopeDescription {
  /** A few words, such as `Read your accounts`. */
  readonly title: string
  readonly description?: string | undefined
  /** Marked on the consent page, and never approved silently. @default false */
  readonly sensitive?: boolean | undefined
  /** The person cannot leave it out. @default false */
  readonly required?: boolean | undefined
  /** Clients that name no scope get it. @default false */
  readonly default?: boolean | undefined
}

/** Scopes by name. */
export type ScopeCatalogue = Readonly<Record<string, ScopeDescription>>

/** A scope with every default filled in. */
export interface ResolvedScope {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly sensitive: boolean
  readonly required: boolean
  readonly default: boolean
}

/** The scopes of OpenID Connect Core section 5.4 and 11, and the one of administration. */
const standard: ScopeCatalogue = {
  openid: {
    title: 'Know who you are',
    description: 'An identifier of your account.',
    required: true,
    default: true,
  },
  profile: { title: 'See your name and picture', default: true },
  email: {
    title: 'See your e-mail address',
    description: 'And whether it is confirmed.',
    default: true,
  },
  offline_access: {
    title: 'Stay connected',
    description: 'Keeps its access while you are away, until you remove it.',
  },
  'oidc:admin': {
    title: 'Manage applications of this server',
    description: 'Create, change and delete applications, in your name.',
    sensitive: true,
  },
}

/** RFC 6749 section 3.3. */
const scopeForm = /^[\x21\x23-\x5B\x5D-\x7E]{1,128}$/

/** The catalogue: the standard scopes, and those of the options. Throws `ConfigurationError`. */
export function resolveScopes(own: ScopeCatalogue): ReadonlyMap<string, ResolvedScope> {
  const entries = Object.entries({ ...standard, ...own }).map(
    ([name, scope]): [string, ResolvedScope] => {
      if (!scopeForm.test(name)) {
        throw new ConfigurationError(
          '`provider.scopes` has a name that cannot be a scope: 1 to 128 visible characters without spaces, quotes or backslashes.',
        )
      }
      return [
        name,
        {
          name,
          title: scope.title,
          description: scope.description ?? '',
          sensitive: scope.sensitive ?? false,
          required: scope.required ?? false,
          default: scope.default ?? false,
        },
      ]
    },
  )
  return new Map(entries)
}

/** What clients that nobody vouched for may ask for: everything that is not sensitive. */
export function openScopes(scopes: ReadonlyMap<string, ResolvedScope>): string[] {
  return [...scopes.values()].filter(({ sensitive }) => !sensitive).map(({ name }) => name)
}

/** The scopes in a `scope` parameter, each once; empty for an absent, empty or blank one. */
export function parseScope(scope: string | undefined): string[] {
  return [...new Set((scope ?? '').split(' ').filter((name) => name !== ''))]
}
