import { ProtocolError } from '@countersign/protocol'
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { Capability, JsonSchema } from './capability.ts'

/** Checks arguments and results against the JSON Schemas of capabilities. Compiles each once. */
export class CapabilitySchemas {
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true })
  readonly #compiled = new WeakMap<JsonSchema, ValidateFunction>()

  constructor() {
    addFormats.default(this.#ajv)
  }

  /** What is wrong with the schemas of a capability, as far as it shows without compiling them. */
  problem({ input, output }: Capability): string | undefined {
    const wrong = [input, output].find((schema) => schema && !this.#ajv.validateSchema(schema))
    return wrong && this.#ajv.errorsText(this.#ajv.errors, { dataVar: 'schema' })
  }

  /** Throws `invalid_request` naming what does not fit (specification, 5.2.1). */
  checkInput({ name, input }: Capability, args: Record<string, unknown>): void {
    const errors = input && this.#errors(input, args)
    if (!errors) return
    throw new ProtocolError('invalid_request', {
      message: `The arguments do not fit the input schema of ${name}: ${errors.join('; ')}.`,
      details: { schema_errors: errors },
    })
  }

  /** Throws `upstream_error` when a result is not what the capability promises. */
  checkOutput({ name, output }: Capability, result: unknown): void {
    const errors = output && this.#errors(output, result)
    if (!errors) return
    throw new ProtocolError('upstream_error', {
      message: `${name} ran, but its result does not fit its output schema.`,
      cause: errors,
    })
  }

  #errors(schema: JsonSchema, value: unknown): string[] | null {
    const validate = this.#compiled.get(schema) ?? this.#compile(schema)
    return validate(value) ? null : (validate.errors ?? []).slice(0, 10).map(describe)
  }

  #compile(schema: JsonSchema): ValidateFunction {
    const validate = this.#ajv.compile(schema)
    this.#compiled.set(schema, validate)
    return validate
  }
}

function describe({ instancePath, message = 'does not fit', params }: ErrorObject): string {
  const field = instancePath.slice(1).replaceAll('/', '.')
  const extra = params['additionalProperty'] ?? params['allowedValues']
  const text = extra === undefined ? message : `${message} (${String(extra)})`
  return field ? `${field} ${text}` : text
}
