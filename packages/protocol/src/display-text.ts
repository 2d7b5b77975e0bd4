/** How {@link displayText} limits a text. */
export interface DisplayTextOptions {
  /**
   * The most characters, as a reader counts them, that are kept.
   *
   * @default 120
   */
  maxLength?: number
}

/** How much of a longer input is looked at, per character kept. */
const INPUT_PER_CHARACTER = 32

/** How many code units of an output belong to one character at most, on average. */
const UNITS_PER_CHARACTER = 4

/** Stands for what is left out at the end. */
const CUT = '…'

/**
 * Makes text of an unknown author fit to show to a person: one line, of limited length, without
 * tags and without characters that are invisible or change the reading direction.
 *
 * The result is still plain text and must be rendered as text. Agent Auth section 8.10.
 */
export function displayText(value: string, { maxLength = 120 }: DisplayTextOptions = {}): string {
  const visible = normalized(value.slice(0, maxLength * INPUT_PER_CHARACTER))
    .replace(/[\t-\r\u0085\u2800\p{Z}]+/gu, ' ')
    .replace(/[\p{C}\p{Default_Ignorable_Code_Point}]/gu, '')

  const text = normalized(withoutTags(visible))
    // Towers of combining marks cover the lines around them. Only now: a tag can stand between them.
    .replace(/(\p{M}{3})\p{M}+/gu, '$1')
    .replace(/ +/g, ' ')
    .trim()
  return cut(text, maxLength)
}

/** One spelling for what looks the same. The sign of a cut stays: a text may come here twice. */
function normalized(text: string): string {
  return text
    .split(CUT)
    .map((part) => part.normalize('NFKC'))
    .join(CUT)
}

/** Again and again, because `<<b>script>` holds a tag only after its inner tag is gone. */
function withoutTags(text: string): string {
  const stripped = text.replace(/<(?:[/!?]?[a-z][\w:-]*(?:[\s/][^<>]*)?|!--[^<>]*)>/gi, '')
  return stripped === text ? text : withoutTags(stripped)
}

function cut(text: string, maxLength: number): string {
  // No text has more characters than code units, so most need no segmentation.
  if (text.length <= maxLength) return text

  let kept = ''
  let count = 0
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    count++
    const units = kept.length + segment.length
    if (count > maxLength || units > maxLength * UNITS_PER_CHARACTER)
      return ellipsis(kept, maxLength)
    kept += segment
  }
  return kept
}

function ellipsis(kept: string, maxLength: number): string {
  const segments = Array.from(new Intl.Segmenter().segment(kept), ({ segment }) => segment)
  return `${segments
    .slice(0, maxLength - 1)
    .join('')
    .trimEnd()}${CUT}`
}
