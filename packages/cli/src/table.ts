import { plain } from './output.ts'

/** Rows in columns, as wide as their widest cell. Text of others cannot steer the terminal. */
export function table(rows: readonly (readonly unknown[])[]): string[] {
  const cells = rows.map((row) => row.map(textOf))
  const widths = (cells[0] ?? []).map((_cell, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  )
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** A value of a server as a person reads it. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-'
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(textOf).join(' ')
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  const text = plain(typeof value === 'string' ? value : JSON.stringify(value))
  // To the minute is what a person wants to know; `--json` has the rest.
  return text.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(\.\d+)?Z$/, '$1 $2 UTC')
}
