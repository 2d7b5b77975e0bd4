type Row = Readonly<Record<string, unknown>>

const columns = new Map<string, string>()
const fields = new Map<string, string>()

/** A row with its fields named as columns are: `hostId` becomes `host_id`. */
export function toColumns(row: Row): Record<string, unknown> {
  return rename(row, columns, (field) =>
    field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  )
}

/** A row that `to_json` spelt, with its fields named as in code and its dates read. */
export function fromColumns(row: Row): Record<string, unknown> {
  const named = rename(row, fields, (column) =>
    column.replaceAll(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase()),
  )
  for (const [field, value] of Object.entries(named)) {
    const isDate = field.endsWith('At') || field.endsWith('Until')
    if (isDate && typeof value === 'string') named[field] = new Date(value)
  }
  return named
}

function rename(row: Row, known: Map<string, string>, spell: (name: string) => string) {
  const renamed: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(row)) {
    let other = known.get(name)
    if (other === undefined) known.set(name, (other = spell(name)))
    renamed[other] = value
  }
  return renamed
}
