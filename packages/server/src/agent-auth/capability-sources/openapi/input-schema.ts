import type { JsonSchema } from '../../capability.ts'
import { restate } from './body-instance.ts'
import { asBase64, type BodyProperty, type BodyShape } from './body-plan.ts'
import { assignFields, type FieldSource } from './fields.ts'
import { strings, text } from './json.ts'
import type { Parameter } from './operations.ts'
import type { SchemaConverter } from './schema-converter.ts'

/** A parameter and the argument it comes from. */
export interface ParameterField {
  readonly field: string
  readonly parameter: Parameter
}

/** A property of the body and the argument it comes from. */
export interface PropertyField {
  readonly field: string
  readonly property: BodyProperty
}

/** Everything an operation takes, and under which name agents pass it. */
export interface Fields {
  readonly parameters: readonly ParameterField[]
  readonly properties: readonly PropertyField[]
  /** The argument that is the whole body, when the body is not spread over arguments. */
  readonly wholeBody: string | undefined
}

/** Lists the arguments of an operation. */
export function listFields(parameters: readonly Parameter[], body: BodyShape | undefined): Fields {
  const properties = body?.properties ?? []
  const whole = body && !body.properties
  const sources: FieldSource[] = [
    ...parameters.map(({ in: location, name }) => ({ in: location, name })),
    ...properties.map(({ name }) => ({ in: 'body' as const, name })),
    ...(whole ? [{ in: 'body' as const, name: 'body' }] : []),
  ]
  const fields = assignFields(sources)
  const at = (index: number) => fields[index] ?? ''
  return {
    parameters: parameters.map((parameter, index) => ({ parameter, field: at(index) })),
    properties: properties.map((property, index) => ({
      property,
      field: at(parameters.length + index),
    })),
    wholeBody: whole ? at(sources.length - 1) : undefined,
  }
}

/** The JSON Schema of an operation's arguments: parameters and body side by side at the top. */
export function inputSchema(
  fields: Fields,
  body: BodyShape | undefined,
  converter: SchemaConverter,
): JsonSchema {
  const { required = [], ...rules } = body ? bodyRules(fields, body, converter) : {}
  const properties = Object.fromEntries([
    ...fields.parameters.map((entry) => parameterProperty(entry, converter)),
    ...fields.properties.map(bodyProperty),
    ...wholeBodyProperty(fields, body),
  ])
  const names = [
    ...fields.parameters.filter(({ parameter }) => parameter.required).map(({ field }) => field),
    ...(body?.required && fields.wholeBody ? [fields.wholeBody] : []),
    ...strings(required),
  ]
  return converter.bundle({
    type: 'object',
    properties,
    ...(names.length > 0 ? { required: [...new Set(names)] } : {}),
    additionalProperties: body?.open ? openTo(body) : false,
    ...rules,
  })
}

function parameterProperty(
  { field, parameter }: ParameterField,
  converter: SchemaConverter,
): [string, JsonSchema] {
  const schema = converter.inline(converter.convert(parameter.schema))
  const described = describe(schema, {
    description: parameter.description,
    origin: field === parameter.name ? undefined : `${parameter.in} parameter "${parameter.name}"`,
  })
  return [field, parameter.deprecated ? { ...described, deprecated: true } : described]
}

function bodyProperty({ field, property }: PropertyField): [string, JsonSchema] {
  const origin = field === property.name ? undefined : `body property "${property.name}"`
  return [field, describe(property.schema, { description: undefined, origin })]
}

function wholeBodyProperty(fields: Fields, body: BodyShape | undefined): [string, JsonSchema][] {
  if (!body || fields.wholeBody === undefined) return []
  const description = body.description ?? `The request body, ${body.mediaType}.`
  if (body.kind === 'binary') {
    return [[fields.wholeBody, asBase64(describe(body.schema, { description, origin: 'base64' }))]]
  }
  const schema = body.kind === 'text' ? { ...body.schema, type: 'string' } : body.schema
  return [[fields.wholeBody, describe(schema, { description, origin: undefined })]]
}

function describe(
  schema: JsonSchema,
  words: { description: string | undefined; origin: string | undefined },
): JsonSchema {
  const description = words.description ?? text(schema['description'])
  const sentence = [description, words.origin && `(${words.origin})`].filter(Boolean).join(' ')
  return sentence === '' ? schema : { ...schema, description: sentence }
}

const RULES = new Set([
  'allOf',
  'anyOf',
  'oneOf',
  'not',
  'if',
  'then',
  'else',
  'required',
  'dependentRequired',
  'dependentSchemas',
  'minProperties',
  'maxProperties',
])

/** What the body demands of its properties together. It demands nothing while an optional body is left out. */
function bodyRules(fields: Fields, body: BodyShape, { inline }: SchemaConverter): JsonSchema {
  if (!body.properties) return {}
  const restated = restate(body.schema, {
    fields: new Map(fields.properties.map(({ field, property }) => [property.name, field])),
    others: fields.parameters.map(({ field }) => field),
    inline,
  })
  const rules = Object.fromEntries(
    Object.entries(restated).filter(
      ([keyword, value]) => RULES.has(keyword) && !(Array.isArray(value) && value.length === 0),
    ),
  )
  if (body.required || Object.keys(rules).length === 0) return rules
  const given = fields.properties.map(({ field }) => ({ required: [field] }))
  // oxlint-disable-next-line unicorn/no-thenable -- a JSON Schema keyword, not a function
  return { if: { anyOf: given }, then: rules }
}

function openTo(body: BodyShape): unknown {
  return body.schema['additionalProperties'] ?? body.schema['unevaluatedProperties'] ?? true
}
