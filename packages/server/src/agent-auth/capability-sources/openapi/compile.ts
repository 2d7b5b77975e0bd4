import { readSchemes, reservedPlaces } from './credentials.ts'
import type { Upstream } from './call.ts'
import type { OpenAPIDocument } from './document.ts'
import { nameOperations } from './names.ts'
import { listOperations } from './operations.ts'
import { resolveHandlerOptions, type OpenAPIHandlerOptions } from './options.ts'
import { planOperation, type OperationPlan } from './plan.ts'
import { createSchemaConverter } from './schema-converter.ts'

/** A document, ready to be offered and called. */
export interface CompiledDocument {
  readonly plans: readonly OperationPlan[]
  readonly upstream: Upstream
}

/** Reads a whole document once. Rejects options that do not fit it. */
export function compileDocument(
  document: OpenAPIDocument,
  options: OpenAPIHandlerOptions,
): CompiledDocument {
  const schemes = readSchemes(document)
  const resolved = resolveHandlerOptions(options)
  for (const name of Object.keys(resolved.credentials)) {
    if (!schemes.has(name)) {
      throw new TypeError(
        `OpenAPI: the document has no security scheme "${name}" to give credentials for.`,
      )
    }
  }
  const tools = {
    request: createSchemaConverter(document, 'request'),
    response: createSchemaConverter(document, 'response'),
    reserved: reservedPlaces(schemes, resolved.headers),
  }
  const operations = listOperations(document)
  const names = nameOperations(operations)
  return {
    plans: operations.map((operation, index) =>
      planOperation(operation, names[index] ?? '', tools),
    ),
    upstream: { options: resolved, schemes },
  }
}
