import type { JsonSchema } from '../../capability.ts'
import { shapeBody, type BodyShape } from './body-plan.ts'
import { inputSchema, listFields, type Fields } from './input-schema.ts'
import { preferredContent } from './media-type.ts'
import type { Operation } from './operations.ts'
import { outputSchema } from './output-schema.ts'
import { isOffered, type Reserved } from './reserved.ts'
import type { SchemaConverter } from './schema-converter.ts'

/** Everything needed to describe an operation to an agent and to call it. */
export interface OperationPlan {
  readonly name: string
  readonly operation: Operation
  readonly fields: Fields
  readonly body: BodyShape | undefined
  readonly input: JsonSchema
  readonly output: JsonSchema | undefined
  /** What to ask the service for. */
  readonly accept: string
  readonly reserved: Reserved
}

/** Works out, once, how an operation is offered and called. */
export function planOperation(
  operation: Operation,
  name: string,
  tools: { request: SchemaConverter; response: SchemaConverter; reserved: Reserved },
): OperationPlan {
  const offered = operation.parameters.filter((parameter) => isOffered(parameter, tools.reserved))
  const body = shapeBody(operation, tools.request)
  const fields = listFields(offered, body)
  return {
    name,
    operation,
    fields,
    body,
    input: inputSchema(fields, body, tools.request),
    output: outputSchema(operation, tools.response),
    accept: acceptHeader(operation),
    reserved: tools.reserved,
  }
}

function acceptHeader(operation: Operation): string {
  const contents = operation.responses
    .filter(({ status }) => status.startsWith('2'))
    .flatMap((response) => response.contents)
  const preferred = preferredContent(contents)?.mediaType
  return preferred && !preferred.includes('*')
    ? `${preferred}, */*;q=0.1`
    : 'application/json, */*;q=0.1'
}
