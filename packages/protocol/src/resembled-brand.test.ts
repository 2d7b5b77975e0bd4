import { describe, expect, it } from 'vitest'
import { resembledBrand } from './resembled-brand.ts'

describe('AF17 resembledBrand', () => {
  it.each([
    ['Apple Security Update', 'Apple'],
    ['P\u0430yP\u0430l', 'PayPal'],
    ['paypa1', 'PayPal'],
    ['G00gle-Sync', 'Google'],
    ['GoogleSync', 'Google'],
    ['G o o g l e', 'Google'],
    ['Ｍｉｃｒｏｓｏｆｔ 365', 'Microsoft'],
    ['Mic\u200Bro\u00ADsoft', 'Microsoft'],
    ['rnicrosoft', 'Microsoft'],
    ['Аррӏе', 'Apple'],
    ['𝐀𝐩𝐩𝐥𝐞', 'Apple'],
    ['Àpplé', 'Apple'],
    ['wells fargo helper', 'Wells Fargo'],
    ['Claude Code', 'Claude'],
    ['lCLOUD', 'iCloud'],
    ['$tripe', 'Stripe'],
    ['your bank of america assistant', 'Bank of America'],
  ])('takes %s for %s', (text, brand) => {
    expect(resembledBrand(text)).toBe(brand)
  })

  it.each([
    ['Bank balance checker'],
    ['Pineapple'],
    ['Advisable plan'],
    ['Agent 7'],
    ['MacBook-Pro'],
    ['Zoë’s helper'],
    [''],
    ['🤖'],
  ])('sees no brand in %s', (text) => {
    expect(resembledBrand(text)).toBeUndefined()
  })

  it('finds every brand it knows and stays quick on long text', () => {
    const started = performance.now()
    expect(resembledBrand('a '.repeat(100_000))).toBeUndefined()
    expect(performance.now() - started).toBeLessThan(200)
  })
})
