import { describe, expect, it } from 'vitest'
import { nameOperations, snakeCase } from './names.ts'
import { listOperations } from './operations.ts'

function namesOf(paths: Record<string, unknown>): string[] {
  return nameOperations(listOperations({ openapi: '3.1.0', paths }))
}

describe('capability names', () => {
  it.each([
    ['listAccounts', 'list_accounts'],
    ['repos/get-all-autolinks', 'repos_get_all_autolinks'],
    ['getHTTPStatus', 'get_http_status'],
    ['Créer un compte', 'creer_un_compte'],
    ['v2.users.get', 'v2_users_get'],
    ['创建', ''],
  ])('AF8 writes %s as %s', (id, name) => {
    expect(snakeCase(id)).toBe(name)
  })

  it('AF8 falls back to method and path', () => {
    expect(namesOf({ '/a/{id}': { get: {}, delete: { operationId: '创建' } } })).toEqual([
      'get_a_id',
      'delete_a_id',
    ])
  })

  it('AF8 tells operations apart that would share a name, by nothing but themselves', () => {
    const get = { operationId: 'get-user' }
    const other = { operationId: 'getUser' }
    expect(namesOf({ '/users/{id}': { get }, '/people/{id}': { get: other } })).toEqual([
      'get_users_id',
      'get_people_id',
    ])
    const [first, second] = namesOf({ '/a-b': { get: {} }, '/a_b': { get: {} } })
    const [swapped] = namesOf({ '/a_b': { get: {} }, '/a-b': { get: {} } })
    expect(first).toMatch(/^get_a_b_[0-9a-f]{12}$/)
    expect(second).not.toBe(first)
    expect(swapped).toBe(second)
  })

  it('AF8 keeps names within 128 characters', () => {
    const [name] = namesOf({ [`/${'long/'.repeat(60)}`]: { get: {} } })
    expect(name).toMatch(/^[a-z0-9_]{1,128}$/)
  })
})
