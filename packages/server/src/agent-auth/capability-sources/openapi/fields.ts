/** Where an argument goes: a parameter's place, or the body. */
export type FieldLocation = 'path' | 'query' | 'header' | 'cookie' | 'body'

/** One thing an operation takes. */
export interface FieldSource {
  readonly in: FieldLocation
  /** Its name on the wire. */
  readonly name: string
}

const ORDER: readonly FieldLocation[] = ['path', 'query', 'header', 'cookie', 'body']

/**
 * Gives everything an operation takes a field of its own among the arguments.
 *
 * A field keeps its name on the wire. When two share one, the path keeps it before the query, the query
 * before headers, cookies and the body; the others are called `query_id`, `body_id` and so on. Dots
 * become underscores, because a constraint cannot name a field with a dot.
 */
export function assignFields(sources: readonly FieldSource[]): string[] {
  const plain = sources.map((source) => source.name.replaceAll('.', '_'))
  const taken = new Set(plain)
  const owners = new Set<string>()
  const fields = new Map<FieldSource, string>()

  for (const location of ORDER) {
    sources.forEach((source, index) => {
      if (source.in !== location) return
      const name = plain[index] ?? source.name
      const field = owners.has(name) ? free(`${location}_${name}`, taken) : name
      owners.add(field)
      taken.add(field)
      fields.set(source, field)
    })
  }
  return sources.map((source) => fields.get(source) ?? source.name)
}

function free(wanted: string, taken: ReadonlySet<string>): string {
  let name = wanted
  for (let count = 2; taken.has(name); count++) name = `${wanted}_${count}`
  return name
}
