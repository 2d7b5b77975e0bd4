import type { ListedCapability } from './read-provider.ts'

/** What a provider is found by. */
export interface Findable {
  readonly name: string
  readonly description: string
  readonly capabilities: readonly ListedCapability[]
}

/** Words of an intent that count. */
const MOST_WORDS = 20

const FILLERS = new Set(
  'a an and as at by can do for from get help i in is it me my need of on or our please some that the to use want we with you your'.split(
    ' ',
  ),
)

/**
 * The providers that fit an intent in natural language, best first.
 *
 * Each word counts once, most in a name, least in the description of a capability. Words are
 * compared without their endings.
 */
export function rank<Provider extends Findable>(
  providers: readonly Provider[],
  intent: string,
): Provider[] {
  const words = wordsOf(intent)
  const telling = words.filter((word) => !FILLERS.has(word))
  const sought = new Set((telling.length > 0 ? telling : words).map(stem).slice(0, MOST_WORDS))
  return providers
    .map((provider) => ({ provider, score: score(provider, sought) }))
    .filter((found) => found.score > 0)
    .sort((a, b) => b.score - a.score || a.provider.name.localeCompare(b.provider.name))
    .map(({ provider }) => provider)
}

function score(provider: Findable, sought: ReadonlySet<string>): number {
  const fields = fieldsOf(provider)
  let total = 0
  for (const word of sought) {
    const field = fields.find(({ stems }) => stems.some((other) => isAlike(word, other)))
    total += field?.weight ?? 0
  }
  return total
}

interface Field {
  readonly weight: number
  readonly stems: readonly string[]
}

/** What was taken apart once: anybody may search, and the texts of a provider do not change. */
const known = new WeakMap<Findable, readonly Field[]>()

function fieldsOf(provider: Findable): readonly Field[] {
  const before = known.get(provider)
  if (before) return before
  const { name, description, capabilities } = provider
  const fields = [
    { weight: 4, text: name },
    { weight: 3, text: capabilities.map((capability) => capability.name).join(' ') },
    { weight: 2, text: description },
    { weight: 1, text: capabilities.map((capability) => capability.description).join(' ') },
  ].map(({ weight, text }) => ({ weight, stems: [...new Set(wordsOf(text).map(stem))] }))
  known.set(provider, fields)
  return fields
}

function wordsOf(text: string): string[] {
  // A change of case ends a word: names of capabilities are made of words. E-mail is email.
  const spaced = text
    .normalize('NFKC')
    .replaceAll(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .replaceAll(/\b(\p{L})-(?=\p{L})/gu, '$1')
  return spaced.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
}

function stem(word: string): string {
  return word.length < 5 ? word : word.replace(/(ings?|ions?|ments?|ers?|ed|es|s|e)$/, '')
}

function isAlike(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a]
  return short === long || (short.length >= 4 && long.startsWith(short))
}
