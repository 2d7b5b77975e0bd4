import { isRecord } from '../http/json.ts'

/** The rows of an answer, read one by one; an answer that is no list has none. */
export function listOf<Row>(
  answer: unknown,
  read: (row: Readonly<Record<string, unknown>>) => Row,
): readonly Row[] {
  return Array.isArray(answer) ? answer.filter(isRecord).map(read) : []
}
