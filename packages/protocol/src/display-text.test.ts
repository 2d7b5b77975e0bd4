import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { displayText } from './display-text.ts'

const graphemes = (text: string) => Array.from(new Intl.Segmenter().segment(text)).length
const hostile = fc.string({
  unit: fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    fc.constantFrom(
      '\u202E',
      '\u2066',
      '\u200F',
      '\u061C',
      '\u200B',
      '\uFEFF',
      '\0',
      '\n',
      '\u0301',
    ),
    fc.constantFrom('<', '>', 'b', '/', '<b>', '</b>', '<script>', '…', '\uD800', '\u{E0041}'),
  ),
  maxLength: 300,
})

describe('AF17 displayText', () => {
  it.each([
    ['keeps ordinary names', 'Zoë’s Schönbrunn bot (v2) 🤖', 'Zoë’s Schönbrunn bot (v2) 🤖'],
    ['keeps other scripts', '銀行アシスタント مساعد', '銀行アシスタント مساعد'],
    ['AA29 takes tags out', '<script>alert(1)</script>Bot', 'alert(1)Bot'],
    ['AA29 takes nested tags out', '<<b>script>x<</b>/script>', 'x'],
    ['AA29 takes tags in wide characters out', '＜b＞Bot＜/b＞', 'Bot'],
    ['AA29 takes tags with hidden characters out', '<scr\u200Bipt>Bot', 'Bot'],
    ['AA29 takes comments and attributes out', '<!-- a --><img src=x onerror="y()">Bot', 'Bot'],
    ['keeps signs that are not tags', '1 < 2 > 0 <a@b.example>', '1 < 2 > 0 <a@b.example>'],
    ['AA29 takes U+202E out', 'safe\u202Eexe.bot', 'safeexe.bot'],
    ['AA29 makes one line of several', ' a\r\n\r\n b\u2028c\td\u0085e ', 'a b c d e'],
    ['takes invisible characters out', 'a\u200B\u2060\uFEFF\u00AD\u3164\u{E0041}\uFE0Fb', 'ab'],
    ['takes control characters out', 'a\u0000\u0007\u001B[31mb', 'a[31mb'],
    ['shortens towers of marks', `a${'\u0335'.repeat(50)}b`, `a${'\u0335'.repeat(3)}b`],
    [
      'shortens towers of marks with tags between them',
      `a${'\u0335\u0335<b>'.repeat(9)}b`,
      `a${'\u0335'.repeat(3)}b`,
    ],
    ['is empty when nothing is to be seen', ' \u200B<b></b>\u202E ', ''],
  ])('%s', (_title, value, expected) => {
    expect(displayText(value)).toBe(expected)
  })

  it('AA29 cuts a name of 10 kB to 120 characters', () => {
    const cut = displayText('x'.repeat(10_240))
    expect(cut).toBe(`${'x'.repeat(119)}…`)
    expect(displayText(cut)).toBe(cut)
  })

  it('cuts between characters, as a reader counts them', () => {
    expect(displayText('🇦🇹🇩🇪🇨🇭', { maxLength: 3 })).toBe('🇦🇹🇩🇪🇨🇭')
    expect(displayText('🇦🇹🇩🇪🇨🇭', { maxLength: 2 })).toBe('🇦🇹…')
  })

  it('never holds a control, bidirectional or invisible character, and never is too long', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 150 }), (value, maxLength) => {
        const text = displayText(value, { maxLength })
        expect(text).not.toMatch(/[\p{C}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/u)
        expect(text).not.toMatch(/\p{Z}\p{Z}|[^\P{Z} ]|^ | $/u)
        expect(text).not.toMatch(/<\/?(b|script)>/i)
        expect(graphemes(text)).toBeLessThanOrEqual(maxLength)
        expect(text).not.toMatch(/\p{Cs}/u)
        expect(displayText(text, { maxLength })).toBe(text)
      }),
      { numRuns: 10_000 },
    )
  })

  it('stays quick and short on hostile input', () => {
    const bombs = ['\uFDFA', '<', '<b', '<<b>', '\u0301', '\u1100', '👩\u200D', 'क\u094D']
    for (const bomb of bombs) {
      const started = performance.now()
      expect(displayText(bomb.repeat(200_000)).length).toBeLessThanOrEqual(481)
      expect(performance.now() - started).toBeLessThan(500)
    }
  })
})
