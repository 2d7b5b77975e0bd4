import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { actorsOf, delegate, type Delegation, MAX_ACTORS } from './delegation.ts'

const SCOPES = ['openid', 'profile', 'email', 'offline_access', 'mcp:read', 'mcp:write']
const RESOURCES = ['https://a.example', 'https://b.example', 'https://c.example']

const requests = fc.record({
  scopes: fc.subarray(SCOPES),
  resources: fc.subarray(RESOURCES),
  allowed: fc.subarray(SCOPES),
  actor: fc.record({ sub: fc.stringMatching(/^[a-z]{1,8}$/) }),
})
const beginnings = fc.record({ scopes: fc.subarray(SCOPES), resources: fc.subarray(RESOURCES) })

describe('vulnerability 54: a delegation', () => {
  it('never widens, whoever hands on whatever, and never forgets who acted before', () => {
    fc.assert(
      fc.property(beginnings, fc.array(requests, { maxLength: 8 }), (begun, chain) => {
        let held: Delegation = { ...begun, actor: null }
        for (const request of chain) {
          const result = delegate(held, request)
          if ('refused' in result) continue
          const { delegated } = result
          for (const scope of delegated.scopes) {
            expect(held.scopes).toContain(scope)
            expect(request.allowed).toContain(scope)
          }
          if (held.resources.length > 0) {
            expect(delegated.resources.length).toBeGreaterThan(0)
            for (const one of delegated.resources) expect(held.resources).toContain(one)
          }
          const [now, ...before] = actorsOf(delegated.actor)
          expect(now?.sub).toBe(request.actor.sub)
          expect(before).toEqual(actorsOf(held.actor))
          expect(before.length).toBeLessThan(MAX_ACTORS)
          expect(delegated.scopes).not.toContain('offline_access')
          held = delegated
        }
      }),
    )
  })

  const held: Delegation = {
    scopes: ['openid', 'offline_access', 'mcp:read'],
    resources: ['https://a.example'],
    actor: null,
  }
  const request = { scopes: [], resources: [], allowed: SCOPES, actor: { sub: 'me' } }

  it('names what would widen it', () => {
    const widened = (more: object) => delegate(held, { ...request, ...more })
    expect(widened({ scopes: ['mcp:write'] })).toEqual({ refused: 'invalid_scope' })
    expect(widened({ scopes: ['offline_access'] })).toEqual({ refused: 'invalid_scope' })
    expect(widened({ scopes: ['mcp:read'], allowed: ['openid'] })).toEqual({
      refused: 'invalid_scope',
    })
    expect(widened({ resources: ['https://b.example'] })).toEqual({ refused: 'invalid_target' })
  })

  it('hands on what is left when nothing is named', () => {
    expect(delegate(held, { ...request, allowed: ['mcp:read', 'email'] })).toEqual({
      delegated: { scopes: ['mcp:read'], resources: held.resources, actor: { sub: 'me' } },
    })
  })

  it('ends with the fourth actor', () => {
    let current = held
    for (let actors = 0; actors < MAX_ACTORS; actors += 1) {
      const result = delegate(current, request)
      if ('refused' in result) throw new Error('refused too early')
      current = result.delegated
    }
    expect(delegate(current, request)).toEqual({ refused: 'invalid_request' })
  })
})
