const small = [
  'zero',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
  'ten',
]
const decimal = new Intl.NumberFormat('en', { maximumFractionDigits: 10 })

/** Spells small counts, as running text does. */
export function countWord(count: number): string {
  return small[count] ?? decimal.format(count)
}

/** Writes a value for people. */
export function valueWord(value: string | number | boolean): string {
  if (typeof value === 'number') return decimal.format(value)
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return value
}

/** Turns `max_items` or `maxItems` into `max items`. */
export function humanName(name: string): string {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll(/[_.-]+/g, ' ')
    .trim()
  return /^[A-Z ]+$/.test(words) ? words : words.toLowerCase()
}

/** Upper-cases the first letter. */
export function capitalise(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}

/** Lower-cases the first letter, unless the word is an acronym. */
export function uncapitalise(text: string): string {
  return /^\p{Lu}{2}/u.test(text) ? text : text.slice(0, 1).toLowerCase() + text.slice(1)
}

/** Joins choices: `a`, `a or b`, `a, b or c`. */
export function either(items: readonly string[]): string {
  return join(items, 'or')
}

/** Joins things: `a`, `a and b`, `a, b and c`. */
export function list(items: readonly string[]): string {
  return join(items, 'and')
}

function join(items: readonly string[], word: string): string {
  const last = items.at(-1) ?? ''
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} ${word} ${last}`
}
