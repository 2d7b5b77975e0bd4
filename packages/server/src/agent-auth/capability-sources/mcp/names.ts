import { createHash } from 'node:crypto'
import { snakeCase } from '../openapi/names.ts'

const MAX_LENGTH = 128

/**
 * Gives every tool its capability name: its own, in snake_case.
 *
 * When two tools would share a name, each takes one from a hash of its own. A name so depends on its
 * tool alone, and a grant never slides to another one when the server gets more tools.
 */
export function nameTools(tools: readonly string[], prefix: string): string[] {
  const wanted = tools.map((tool) => prefix + snakeCase(tool))
  const uses = new Map<string, number>()
  for (const name of wanted) uses.set(name, (uses.get(name) ?? 0) + 1)
  const names = tools.map((tool, index) => {
    const name = wanted[index] ?? ''
    const usable = uses.get(name) === 1 && name !== prefix && name.length <= MAX_LENGTH
    return usable ? name : hashedName(name, tool)
  })
  if (new Set(names).size < names.length) {
    throw new TypeError(
      'createFromMCP: the server names its tools so that they cannot be told apart.',
    )
  }
  return names
}

function hashedName(name: string, tool: string): string {
  const hash = createHash('sha256').update(tool).digest('hex').slice(0, 12)
  return `${name.slice(0, MAX_LENGTH - 13).replace(/_$/, '') || 'tool'}_${hash}`
}
