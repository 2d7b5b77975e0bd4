/** Names people trust on sight. A text that resembles one deserves a warning beside it. */
const BRANDS = [
  'Adobe',
  'Airbnb',
  'Alibaba',
  'Amazon',
  'American Express',
  'Android',
  'Anthropic',
  'Apple',
  'Atlassian',
  'AWS',
  'Bank of America',
  'Barclays',
  'Binance',
  'ChatGPT',
  'Citibank',
  'Claude',
  'Cloudflare',
  'Coinbase',
  'Discord',
  'DocuSign',
  'Dropbox',
  'Facebook',
  'Gemini',
  'GitHub',
  'GitLab',
  'Gmail',
  'Google',
  'HSBC',
  'iCloud',
  'Instagram',
  'LinkedIn',
  'Mastercard',
  'Microsoft',
  'Netflix',
  'Okta',
  'OpenAI',
  'Oracle',
  'Outlook',
  'PayPal',
  'Revolut',
  'Salesforce',
  'Samsung',
  'Shopify',
  'Slack',
  'Spotify',
  'Stripe',
  'Telegram',
  'TikTok',
  'Twitter',
  'Visa',
  'Wells Fargo',
  'WhatsApp',
  'Windows',
  'YouTube',
] as const

/** What a character is mistaken for: Cyrillic, Greek and other letters, digits and signs. */
const LOOKALIKES: Readonly<Record<string, string>> = lookalikes({
  a: 'аαɑ4@æ',
  b: 'ьƅ8вβ',
  c: 'сϲ¢ƈ',
  d: 'ԁđɗ',
  e: 'еєε3ɛ€',
  f: 'ƒғ',
  g: 'ɡɢ9',
  h: 'һнհ',
  k: 'кκ',
  l: 'i1ı|!ӏіιǀł׀ⅼɩ',
  m: 'мⅿ',
  n: 'пոη',
  o: '0оοσօøө',
  p: 'рρ',
  q: 'ԛ',
  r: 'гɾ',
  s: 'ѕ5$ꜱ',
  t: 'тτ7ŧ',
  u: 'υսʋц',
  v: 'νѵ',
  w: 'ԝωա',
  x: 'хχ×',
  y: 'уүγ',
  z: 'ᴢ2',
  j: 'јϳ',
})

const MAX_TEXT_LENGTH = 2000

let brandsBySkeleton: ReadonlyMap<string, string> | undefined

/**
 * Names the well-known brand a text could be taken for, seeing through look-alike letters, digits
 * and spacing: `PаyPal` with a Cyrillic letter, `G00gle`, `Micro soft`.
 */
export function resembledBrand(text: string): string | undefined {
  brandsBySkeleton ??= new Map(BRANDS.map((brand) => [words(brand).join(''), brand]))
  const parts = words(text.slice(0, MAX_TEXT_LENGTH))
  for (let start = 0; start < parts.length; start++) {
    const brand = brandAt(parts, start, brandsBySkeleton)
    if (brand !== undefined) return brand
  }
  return undefined
}

const LONGEST_BRAND = 15

/** Joins words from `start` on until they spell a brand or are too long to do so. */
function brandAt(
  parts: readonly string[],
  start: number,
  brands: ReadonlyMap<string, string>,
): string | undefined {
  let joined = ''
  for (const part of parts.slice(start, start + LONGEST_BRAND)) {
    joined += part
    if (joined.length > LONGEST_BRAND) return undefined
    const brand = brands.get(joined)
    if (brand !== undefined) return brand
  }
  return undefined
}

/** The words of a text as skeletons: what they look like, not what they are. */
function words(text: string): string[] {
  return (
    text
      .normalize('NFKD')
      .replace(/[\p{M}\p{C}\p{Default_Ignorable_Code_Point}]/gu, '')
      // `GoogleSync` is two words.
      .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
      .toLowerCase()
      .replace(/./gu, (character) => LOOKALIKES[character] ?? character)
      .split(/[^\p{L}\p{N}]+/u)
      .map((word) => word.replaceAll('rn', 'm').replaceAll('vv', 'w'))
      .filter((word) => word !== '')
  )
}

function lookalikes(table: Record<string, string>): Record<string, string> {
  const pairs = Object.entries(table).flatMap(([letter, others]) =>
    Array.from(others, (other) => [other, letter] as const),
  )
  return Object.fromEntries(pairs)
}
