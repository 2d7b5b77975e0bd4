import { describe, expect, it } from 'vitest'
import { documentPlaces } from '../documents.ts'
import { examine } from '../doctor.ts'
import type { Findings } from '../findings.ts'
import type { Answer } from '../probe.ts'

const origin = 'https://id.example.com'

function answer(path: string, more: Partial<Answer> = {}): Answer {
  const headers = { date: new Date(0).toUTCString(), 'content-type': 'application/json' }
  const url = new URL(path, origin).href
  return {
    url,
    status: 200,
    headers,
    cookies: [],
    body: '{}',
    failure: null,
    askedAt: 0,
    answeredAt: 0,
    ...more,
  }
}

/** A server in production, with one thing of it changed. */
function findings(more: Partial<Findings> = {}): Findings {
  const site = answer('/', { headers: { 'strict-transport-security': 'max-age=31536000' } })
  return {
    origin,
    site,
    health: answer('/health', { body: '{"status":"ok"}' }),
    documents: [],
    keys: undefined,
    endpoints: [],
    preflight: undefined,
    strangerRedirect: undefined,
    spoofed: [],
    plainSite: undefined,
    ...more,
  }
}

const problems = (more: Partial<Findings>) =>
  examine(findings(more))
    .filter(({ status }) => status !== 'ok')
    .map(({ id, status, message }) => `${status} ${id}: ${message}`)

const naming = (issuer: string): Findings['documents'] =>
  documentPlaces
    .filter(({ kind }) => kind === 'agent')
    .map((place) => ({
      place,
      answer: answer(place.path, { body: JSON.stringify({ issuer, endpoints: {} }) }),
    }))

describe('P13 doctor in production', () => {
  it.each<readonly [string, Partial<Findings>, readonly string[]]>([
    ['finds nothing wrong', {}, []],
    [
      'warns about plain http that does not lead to https',
      { plainSite: answer('http://id.example.com/') },
      [
        'warning http-redirect: Plain http answers 200 instead of leading to https://id.example.com.',
      ],
    ],
    [
      'accepts plain http that leads to https, and that does not answer',
      {
        plainSite: answer('http://id.example.com/', {
          status: 308,
          headers: { location: `${origin}/` },
        }),
      },
      [],
    ],
    [
      'warns without HSTS',
      { site: answer('/') },
      ['warning hsts: Browsers are not told to stay with https.'],
    ],
    [
      'refuses an origin that is not encrypted',
      { origin: 'http://id.example.com' },
      [
        'failed https: http://id.example.com is not encrypted: passwords, codes and tokens can be read on the way.',
      ],
    ],
    [
      'names localhost in production',
      { documents: naming('http://localhost:4100') },
      [
        'failed base-url: The documents name http://localhost:4100 (issuer), which is this machine alone; it was reached as https://id.example.com.',
      ],
    ],
    [
      'names a container',
      { documents: naming('https://server:4100') },
      [
        'failed base-url: The documents name https://server:4100 (issuer), an address inside a private network; it was reached as https://id.example.com.',
      ],
    ],
    [
      'wants cookies to be for https alone',
      {
        health: answer('/health', {
          body: '{"status":"ok"}',
          cookies: ['a=b; HttpOnly; SameSite=Lax'],
        }),
      },
      ['failed cookies: The cookie a lacks Secure.'],
    ],
    [
      'believes the clock of an answer from a cache',
      {
        health: answer('/health', {
          body: '{"status":"ok"}',
          headers: { date: new Date(-90_000).toUTCString(), age: '90' },
        }),
      },
      [],
    ],
    [
      'warns where nobody says what time it is',
      { health: answer('/health', { body: '{"status":"ok"}', headers: {} }) },
      ['warning clock: The server does not say what time it is.'],
    ],
  ])('%s', (_title, more, expected) => {
    expect(problems(more)).toEqual(expected)
  })
})
