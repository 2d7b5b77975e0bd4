import { describe, expect, it } from 'vitest'
import { rank } from './rank.ts'

const provider = (name: string, description: string, ...capabilities: string[]) => ({
  name,
  description,
  capabilities: capabilities.map((capability) => ({ name: capability, description: '' })),
})
const gmail = provider('gmail', 'Google Email: read, send, and manage emails', 'send_email')
const bank = provider('bank', 'Banking services: accounts, transfers, payments', 'transfer_money')
const hosting = provider('sites', 'Puts a website online', 'deployWebsite')
const all = [bank, gmail, hosting]

describe('finding providers by intent', () => {
  it.each([
    ['banking', [bank]],
    ['send emails', [gmail]],
    ['I want to deploy my websites', [hosting]],
    ['Transfer money, please', [bank]],
    ['pay by e-mail', [gmail, bank]],
    ['e-mail', [gmail]],
    ['knitting', []],
    ['the', []],
    ['.*', []],
  ])('%j', (intent, expected) => {
    expect(rank(all, intent).map(({ name }) => name)).toEqual(expected.map(({ name }) => name))
  })

  it('puts a name before a description, and more words before fewer', () => {
    const mentions = provider('other', 'Works with your bank')
    expect(rank([mentions, bank], 'bank')).toEqual([bank, mentions])
    const both = provider('both', 'Emails and banking')
    expect(rank([mentions, both], 'bank emails')).toEqual([both, mentions])
  })
})

it('takes the texts of a large directory apart once, not with every search', () => {
  const description = 'Manages invoices and payments of small companies. '.repeat(6)
  const capabilities = Array.from({ length: 100 }, (_, n) => ({ name: `pay_${n}`, description }))
  const many = Array.from({ length: 300 }, (_, n) => ({ name: `s${n}`, description, capabilities }))
  const time = () => {
    const started = performance.now()
    rank(many, 'knitting '.repeat(50))
    return performance.now() - started
  }
  const first = time()
  expect(Math.min(time(), time(), time())).toBeLessThan(first / 5)
})
