import { isObject, own, type JsonObject } from './json.ts'

/** An OpenAPI 3.0 or 3.1 document, as parsed from JSON. Its parts are checked where they are read. */
export interface OpenAPIDocument {
  readonly openapi?: string
  readonly info?: { readonly title?: string; readonly description?: string }
  readonly servers?: readonly unknown[]
  readonly security?: readonly unknown[]
  readonly paths?: JsonObject
  readonly components?: JsonObject
}

/** Which dialect the document's schemas are written in: 3.0 has its own, later versions use 2020-12. */
export function schemaDialect(document: OpenAPIDocument): 'openapi-3.0' | '2020-12' {
  const version = document.openapi ?? ''
  if (/^3\.0(\.|$)/.test(version)) return 'openapi-3.0'
  if (/^3\.\d+(\.|$)/.test(version)) return '2020-12'
  throw new TypeError('OpenAPI: the document must say `openapi: 3.0.x` or `3.1.x`.')
}

/** Finds what a reference inside the document names (RFC 6901). Other documents are never fetched. */
export function lookUp(document: OpenAPIDocument, reference: string): unknown {
  if (!reference.startsWith('#')) {
    throw new TypeError(
      `OpenAPI: "${reference}" points outside the document. Bundle the document into one file first.`,
    )
  }
  let node: unknown = document
  for (const token of decodeURIComponent(reference.slice(1)).split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~')
    if (Array.isArray(node)) node = node[Number(key)]
    else node = isObject(node) ? own(node, key) : undefined
  }
  if (node === undefined || !reference.startsWith('#/')) {
    throw new TypeError(`OpenAPI: "${reference}" names nothing in the document.`)
  }
  return node
}

/** Follows references until an object of its own stands there. */
export function dereference(document: OpenAPIDocument, node: unknown): JsonObject | undefined {
  const seen = new Set<string>()
  let current = node
  while (isObject(current) && typeof current['$ref'] === 'string') {
    const reference = current['$ref']
    if (seen.has(reference)) throw new TypeError(`OpenAPI: "${reference}" refers to itself.`)
    seen.add(reference)
    current = lookUp(document, reference)
  }
  return isObject(current) ? current : undefined
}
