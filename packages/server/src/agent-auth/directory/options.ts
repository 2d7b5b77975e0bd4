/** Makes this server a directory of services that agents can use (specification, 6.11). */
export interface DirectoryOptions {
  /** Issuers the operator lists. Each is shown once its own discovery document proves it. @default [] */
  issuers?: readonly string[]
  /** Whether signed-in people may submit services, at most 20 an hour each. @default false */
  submissions?: boolean
  /** Seconds between two checks of a listed service; one that fails is checked every hour. @default 86400 */
  checkInterval?: number
}

/** Directory options with every default filled in. */
export type ResolvedDirectoryOptions = Required<DirectoryOptions>

/** Applies the defaults; no options, no directory. */
export function resolveDirectory(
  options: DirectoryOptions | undefined,
): ResolvedDirectoryOptions | null {
  return options ? { issuers: [], submissions: false, checkInterval: 86_400, ...options } : null
}

/** What is wrong with the options of a directory. */
export function directoryProblem(options: ResolvedDirectoryOptions | null): string | undefined {
  if (!options) return undefined
  const { issuers, checkInterval } = options
  const wrong = issuers.find((issuer) => originOf(issuer) === null)
  if (wrong !== undefined) return `\`directory.issuers\`: "${wrong}" is not an origin`
  const fits = Number.isInteger(checkInterval) && checkInterval >= 1
  return fits ? undefined : '`directory.checkInterval` must be a whole number of seconds'
}

/** The origin that a URL is, or `null` when it is more than that. */
export function originOf(text: string): string | null {
  if (!URL.canParse(text)) return null
  const { origin, href, protocol } = new URL(text)
  return /^https?:$/.test(protocol) && href === `${origin}/` ? origin : null
}
