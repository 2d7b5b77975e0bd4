import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { type AgentAuthOptions, agentAuth } from '../../src/agent-auth/index.ts'

const nothing = { description: 'x', execute: () => null }

describe('AF1 options that cannot work are refused before the first request', () => {
  it.each<[string, AgentAuthOptions, RegExp]>([
    ['no mode', { modes: [] }, /modes/],
    [
      'autonomous agents that act for nobody in particular',
      { modes: ['delegated', 'autonomous'] },
      /autonomous/,
    ],
    ['a JWT age of zero', { jwtMaxAge: 0 }, /jwtMaxAge/],
    ['a JWT age of a day', { jwtMaxAge: 86_400 }, /jwtMaxAge/],
    ['a negative session TTL', { agentSessionTTL: -1 }, /agentSessionTTL/],
    ['a fractional lifetime', { agentMaxLifetime: 1.5 }, /agentMaxLifetime/],
    ['an infinite lifetime', { absoluteLifetime: Infinity }, /absoluteLifetime/],
    ['no freshness', { freshSessionWindow: 0 }, /freshSessionWindow/],
    ['no agents', { maxAgentsPerUser: 0 }, /maxAgentsPerUser/],
    ['an approval that ends at once', { approvalLifetime: 1 }, /approvalLifetime/],
    ['a short introspection secret', { introspectionSecrets: ['short'] }, /introspectionSecrets/],
    ['no approval method', { approvalMethods: [] }, /approvalMethods/],
    [
      'a name twice',
      {
        capabilities: [
          { name: 'a', ...nothing },
          { name: 'a', ...nothing },
        ],
      },
      /twice/,
    ],
    [
      'a nameless capability',
      { capabilities: [{ name: '', ...nothing }] },
      /not a capability name/,
    ],
    [
      'a name with spaces',
      { capabilities: [{ name: 'a b', ...nothing }] },
      /not a capability name/,
    ],
    [
      'a capability that does nothing',
      { capabilities: [{ name: 'a', description: 'x' }] },
      /execute/,
    ],
    [
      'a default nobody offers',
      { defaultHostCapabilities: ['nope'], capabilities: [{ name: 'a', ...nothing }] },
      /defaultHostCapabilities/,
    ],
    [
      'constraints that are none',
      { capabilities: [{ name: 'a', ...nothing, constraints: { x: {} } }] },
      /constraint/i,
    ],
    [
      'an input schema that is none',
      { capabilities: [{ name: 'a', ...nothing, input: { type: 'wrong' } }] },
      /schema/i,
    ],
    ['a limit of no requests', { rateLimit: { agent: { window: 60, max: 0 } } }, /rateLimit/],
    ['a limit without window', { rateLimit: { host: { window: 0, max: 5 } } }, /rateLimit/],
  ])('refuses %s', (_title, options, message) => {
    expect(() => agentAuth(options)).toThrow(TypeError)
    expect(() => agentAuth(options)).toThrow(message)
  })

  it('accepts none at all', () => {
    expect(agentAuth().id).toBe('agent-auth')
  })
})

describe('Sentinel identity local@localhost (52)', () => {
  it('no source file names a person who never signed in', () => {
    const source = fileURLToPath(new URL('../../src', import.meta.url))
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
    const found = files
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .filter((file) =>
        /@localhost|['"`](anonymous|system|default|local)[-_]?user['"`]/i.test(
          readFileSync(join(source, file), 'utf8'),
        ),
      )
    expect(files.length).toBeGreaterThan(50)
    expect(found).toEqual([])
  })
})
