/** A JSON object nobody has checked yet. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Tells an object from everything else JSON can hold. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reads a member that must be the object's own, so that `constructor` and its like are just absent. */
export function own(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

/** The value when it is a string that says something. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}

/** The strings in a list; nothing when it is no list. */
export function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/** The objects in a list; nothing when it is no list. */
export function objects(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

/** The members of an object; nothing when it is none. */
export function entries(value: unknown): [string, unknown][] {
  return isObject(value) ? Object.entries(value) : []
}
