/** The longest subject that is compared with a pattern, in characters. */
const MAX_SUBJECT = 512

/**
 * Whether a subject fits a pattern: exactly, or where the pattern has `*`, by one or more visible
 * characters that are neither `:` nor `/`. `**` crosses those, too.
 *
 * The separators are where issuers put the boundary between tenants: `repo:ours/*` names the
 * repositories of one owner, and no subject can add a part to it.
 */
export function subjectMatches(pattern: string, subject: string): boolean {
  if (!pattern.includes('*')) return pattern === subject
  if (subject.length > MAX_SUBJECT) return false
  const parts = pattern.split(/(\*+)/).map((part) => {
    if (!part.startsWith('*')) return part.replaceAll(/[.+?^${}()|[\]\\/]/g, String.raw`\$&`)
    return part === '*' ? String.raw`[^:/\p{C}]+` : String.raw`\P{C}+`
  })
  return new RegExp(`^${parts.join('')}$`, 'u').test(subject)
}
