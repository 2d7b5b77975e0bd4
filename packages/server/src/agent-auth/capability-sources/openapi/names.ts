import { createHash } from 'node:crypto'
import type { Operation } from './operations.ts'

const MAX_LENGTH = 128

/**
 * Gives every operation its capability name: the operationId, else method and path, in snake_case.
 *
 * When two operations would share a name, each takes one from its own method and path. A name so
 * depends on its operation alone, and a grant never slides to another one when the document grows.
 */
export function nameOperations(operations: readonly Operation[]): string[] {
  const wanted = operations.map(
    (operation) => snakeCase(operation.id ?? '') || placeName(operation),
  )
  const byPlace = replaceShared(wanted, (index) => placeName(operations[index]))
  return replaceShared(byPlace, (index) => hashedName(operations[index]))
}

function replaceShared(names: readonly string[], replace: (index: number) => string): string[] {
  const uses = new Map<string, number>()
  for (const name of names) uses.set(name, (uses.get(name) ?? 0) + 1)
  return names.map((name, index) =>
    uses.get(name) === 1 && name.length <= MAX_LENGTH ? name : replace(index),
  )
}

/** Writes words, camelCase and any punctuation as `snake_case`. */
export function snakeCase(value: string): string {
  return value
    .normalize('NFKD')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .replaceAll(/[\u0300-\u036f]/g, '')
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .toLowerCase()
}

function placeName(operation: Operation | undefined): string {
  return snakeCase(`${operation?.method} ${operation?.path}`)
}

function hashedName(operation: Operation | undefined): string {
  const hash = createHash('sha256')
    .update(`${operation?.method} ${operation?.path}`)
    .digest('hex')
    .slice(0, 12)
  return `${placeName(operation).slice(0, MAX_LENGTH - 13)}_${hash}`
}
