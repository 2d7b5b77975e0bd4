type Schema = Record<string, unknown>

/** Makes a small value that a schema accepts. Written for tests: it knows what the tested documents use. */
export function sample(schema: unknown, root: Schema, depth = 0): unknown {
  if (schema === true || schema === undefined || !isSchema(schema)) return 'x'
  const resolved = resolve(schema, root)
  if (depth > 24) return null
  if ('const' in resolved) return resolved['const']
  if (Array.isArray(resolved['enum'])) return resolved['enum'][0]
  if (Array.isArray(resolved['type']) && resolved['type'].includes('null') && depth > 8) return null

  for (const keyword of ['oneOf', 'anyOf'] as const) {
    const branch = list(resolved[keyword])[0]
    if (branch !== undefined) {
      const { [keyword]: _taken, ...rest } = resolved
      return sample(merge(rest, resolve(branch, root)), root, depth + 1)
    }
  }
  if (Array.isArray(resolved['allOf'])) {
    const { allOf, ...rest } = resolved
    const merged = list(allOf).reduce<Schema>((all, one) => merge(all, resolve(one, root)), rest)
    return sample(merged, root, depth + 1)
  }
  return ofType(resolved, root, depth)
}

function ofType(schema: Schema, root: Schema, depth: number): unknown {
  const type = Array.isArray(schema['type'])
    ? schema['type'].find((one) => one !== 'null')
    : schema['type']
  switch (type) {
    case 'integer':
    case 'number':
      return typeof schema['minimum'] === 'number' ? schema['minimum'] : 1
    case 'boolean':
      return true
    case 'array': {
      const count = typeof schema['minItems'] === 'number' ? Math.max(1, schema['minItems']) : 1
      return Array.from({ length: count }, () => sample(schema['items'], root, depth + 1))
    }
    case 'object':
      return ofObject(schema, root, depth)
    default:
      return isSchema(schema['properties']) ? ofObject(schema, root, depth) : ofString(schema)
  }
}

function ofObject(schema: Schema, root: Schema, depth: number): Schema {
  const properties = isSchema(schema['properties']) ? schema['properties'] : {}
  const required = list(schema['required']).map(String)
  const names = depth === 0 ? [...new Set([...Object.keys(properties), ...required])] : required
  const entries = names.map((name) => [name, sample(properties[name], root, depth + 1)])
  const least = typeof schema['minProperties'] === 'number' ? schema['minProperties'] : 0
  for (const name of Object.keys(properties)) {
    if (entries.length >= least) break
    if (!names.includes(name)) entries.push([name, sample(properties[name], root, depth + 1)])
  }
  return Object.fromEntries(entries)
}

const CANDIDATES = [
  'x',
  '1',
  '1.2.3',
  'A_B',
  'a/b',
  '#aaaaaa',
  'aaaaaa',
  'refs/heads/a b',
  'ssh-rsa AAAA',
  '2026-01-31',
  'a'.repeat(40),
  `sha256:${'a'.repeat(64)}`,
]

function ofString(schema: Schema): string {
  const { format, pattern } = schema
  if (schema['contentEncoding'] === 'base64') return 'aGVsbG8='
  if (typeof pattern === 'string') {
    const found = CANDIDATES.find((candidate) => new RegExp(pattern, 'u').test(candidate))
    if (found) return found
  }
  if (format === 'date-time') return '2026-01-31T12:00:00Z'
  if (format === 'date') return '2026-01-31'
  if (format === 'uri') return 'https://example.org/a?b=c'
  if (format === 'email') return 'a@example.org'
  if (format === 'uuid') return '7c9e6679-7425-40de-944b-e07fc1f90ae7'
  // Everything that means something in an address, so that a slip in the encoding shows.
  const text = 'a b/c?d=e&f#g%h+i;j'
  const least = typeof schema['minLength'] === 'number' ? schema['minLength'] : 0
  const most = typeof schema['maxLength'] === 'number' ? schema['maxLength'] : 1000
  return text.padEnd(least, 'x').slice(0, most)
}

function merge(a: Schema, b: Schema): Schema {
  // `true` says nothing about a property, so it does not replace what is known.
  const told = Object.entries(asSchema(b['properties'])).filter(([, schema]) => schema !== true)
  const properties = { ...asSchema(a['properties']), ...Object.fromEntries(told) }
  const required = [...new Set([...list(a['required']), ...list(b['required'])])]
  return {
    ...a,
    ...b,
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
    ...(required.length > 0 ? { required } : {}),
  }
}

function resolve(schema: unknown, root: Schema): Schema {
  let current = asSchema(schema)
  while (typeof current['$ref'] === 'string') {
    const name = current['$ref'].replace('#/$defs/', '')
    const { $ref: _reference, ...beside } = current
    current = { ...asSchema(asSchema(root['$defs'])[name]), ...beside }
  }
  return current
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function asSchema(value: unknown): Schema {
  return isSchema(value) ? value : {}
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
