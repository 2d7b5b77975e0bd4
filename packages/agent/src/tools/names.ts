/** What every vendor accepts as a tool's name. */
const longest = 64

/** A capability that needs a name, with what makes it the only one of its kind. */
export interface Nameable {
  readonly name: string
  /** Two of them with one name are told apart by this. */
  readonly key: string
}

/**
 * Gives each capability a tool name of at most `limit` of `a-z A-Z 0-9 _ -`.
 *
 * A name that fits stays. One that does not, or that two agents or the protocol itself share, ends in
 * a hash of what it stands for, so that it is the same in every process and never means another agent.
 */
export function nameTools(
  entries: readonly Nameable[],
  { reserved = [], limit = longest }: { reserved?: readonly string[]; limit?: number } = {},
): string[] {
  const taken = new Map<string, number>(reserved.map((name) => [name, 1]))
  for (const { name } of entries) taken.set(name, (taken.get(name) ?? 0) + 1)
  return entries.map(({ name, key }) => {
    const fits = name.length <= limit && /^[\w-]+$/.test(name)
    return fits && taken.get(name) === 1 ? name : hashed(name, key, limit)
  })
}

function hashed(name: string, key: string, limit: number): string {
  const hash = fingerprint(key)
  const readable = name.replaceAll(/[^\w-]+/g, '_').slice(0, limit - hash.length - 1)
  return `${readable}_${hash}`
}

/** Ten characters that tell texts apart. Not for secrets: whoever wants to find two alike can. */
function fingerprint(text: string): string {
  let [high, low] = [0xdeadbeef, 0x41c6ce57]
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    high = Math.imul(high ^ code, 2654435761)
    low = Math.imul(low ^ code, 1597334677)
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909)
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909)
  const number = 4294967296 * (2097151 & low) + (high >>> 0)
  return number.toString(36).padStart(11, '0').slice(-10)
}
