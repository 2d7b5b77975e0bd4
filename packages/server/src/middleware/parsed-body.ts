/** A body that a parser has read, written again as its content type says; undefined for none. */
export function parsedBody(body: unknown, contentType: string): BodyInit | undefined {
  if (body === undefined || body === null) return undefined
  if (typeof body === 'string') return body
  if (body instanceof Uint8Array) return body as Uint8Array<ArrayBuffer>
  if (!/^application\/x-www-form-urlencoded\b/i.test(contentType)) return JSON.stringify(body)
  return new URLSearchParams(fields(body)).toString()
}

/** The fields of a form: a repeated one stays repeated, and a nested one is `a[b]` again. */
function fields(value: unknown, name = ''): [string, string][] {
  if (Array.isArray(value)) return value.flatMap((item) => fields(item, name))
  if (typeof value !== 'object' || value === null) return [[name, String(value)]]
  return Object.entries(value).flatMap(([key, item]) =>
    fields(item, name === '' ? key : `${name}[${key}]`),
  )
}
