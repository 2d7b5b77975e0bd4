import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { fromOpenAPI } from '../src/agent-auth/capability-sources/openapi/index.ts'
import { documentWith } from './openapi-support.ts'

type Operation = Parameters<typeof documentWith>[0]
type Place = Parameters<typeof documentWith>[1]

function convert(operation: Operation, place?: Place) {
  const [capability] = fromOpenAPI(documentWith(operation, place))
  if (!capability) throw new Error('No capability came out.')
  return capability
}

function accepts(schema: unknown, value: unknown): boolean {
  return new Ajv2020({ strict: false, logger: false }).validate({ ...Object(schema) }, value)
}

function jsonBody(schema: unknown, required = true) {
  return { requestBody: { required, content: { 'application/json': { schema } } } }
}

function returning(schema: unknown, status = '200') {
  return {
    responses: { [status]: { description: '', content: { 'application/json': { schema } } } },
  }
}

describe('what an operation takes', () => {
  it('AF8 puts path, query, header, cookie and body side by side', () => {
    const { input } = convert(
      {
        parameters: [
          { name: 'id', in: 'path', required: true, schema: { type: 'integer' } },
          { name: 'q', in: 'query', description: 'Words.', schema: { type: 'string' } },
          { name: 'X-Tenant', in: 'header', schema: { type: 'string' } },
          { name: 'theme', in: 'cookie', schema: { type: 'string' } },
        ],
        ...jsonBody({
          type: 'object',
          required: ['amount'],
          properties: { amount: { type: 'number' } },
        }),
      },
      { path: '/things/{id}' },
    )
    expect(input).toEqual({
      type: 'object',
      properties: {
        id: { type: 'integer' },
        q: { type: 'string', description: 'Words.' },
        'X-Tenant': { type: 'string' },
        theme: { type: 'string' },
        amount: { type: 'number' },
      },
      required: ['id', 'amount'],
      additionalProperties: false,
    })
  })

  it('AF8 names what collides and drops nothing', () => {
    const { input } = convert(
      {
        parameters: [
          { name: 'id', in: 'path', required: true },
          { name: 'id', in: 'query', required: true, description: 'A filter.' },
          { name: 'id', in: 'header' },
          { name: 'id', in: 'cookie' },
          { name: 'query_id', in: 'query' },
          { name: 'a.b', in: 'query' },
        ],
        ...jsonBody({ type: 'object', required: ['id'], properties: { id: { type: 'number' } } }),
      },
      { path: '/things/{id}' },
    )
    const properties = Object(input?.['properties'])
    expect(Object.keys(properties)).toEqual([
      'id',
      'query_id_2',
      'header_id',
      'cookie_id',
      'query_id',
      'a_b',
      'body_id',
    ])
    expect(properties.query_id_2.description).toBe('A filter. (query parameter "id")')
    expect(properties.body_id).toEqual({ type: 'number', description: '(body property "id")' })
    expect(input?.['required']).toEqual(['id', 'query_id_2', 'body_id'])
  })

  it('AF8 merges the parameters of a path and overrides them by name and place', () => {
    const document = documentWith(
      { parameters: [{ $ref: '#/components/parameters/limit' }] },
      {
        path: '/things/{id}/{undeclared}',
        rest: {
          components: {
            parameters: { limit: { name: 'limit', in: 'query', schema: { maximum: 5 } } },
          },
        },
      },
    )
    Object.assign(Object(document.paths['/things/{id}/{undeclared}']), {
      parameters: [
        { name: 'limit', in: 'query', schema: { maximum: 100 } },
        { name: 'id', in: 'path', required: true, schema: { type: 'integer' } },
      ],
    })
    const [capability] = fromOpenAPI(document)
    expect(capability?.input).toMatchObject({
      properties: {
        limit: { maximum: 5 },
        id: { type: 'integer' },
        undeclared: { type: 'string' },
      },
      required: ['id', 'undeclared'],
    })
  })

  it('AF8 keeps compositions and offers their members as fields', () => {
    const place = {
      path: '/things/{id}',
      rest: {
        components: {
          schemas: {
            Base: { type: 'object', required: ['kind'], properties: { kind: { type: 'string' } } },
            Card: {
              type: 'object',
              additionalProperties: false,
              required: ['card'],
              properties: { kind: true, id: { type: 'number' }, card: { type: 'string' } },
            },
            Bank: {
              type: 'object',
              required: ['iban'],
              properties: { iban: { type: 'string', minLength: 4 } },
            },
          },
        },
      },
    }
    const { input } = convert(
      {
        parameters: [{ name: 'id', in: 'path', required: true }],
        ...jsonBody({
          allOf: [{ $ref: '#/components/schemas/Base' }],
          oneOf: [{ $ref: '#/components/schemas/Card' }, { $ref: '#/components/schemas/Bank' }],
        }),
      },
      place,
    )
    expect(Object.keys(Object(input?.['properties'])).toSorted()).toEqual([
      'body_id',
      'card',
      'iban',
      'id',
      'kind',
    ])
    expect(accepts(input, { id: 'a', kind: 'k', card: 'c' })).toBe(true)
    expect(accepts(input, { id: 'a', kind: 'k', card: 'c', body_id: 1 })).toBe(true)
    expect(accepts(input, { id: 'a', kind: 'k', iban: 'DE00' })).toBe(true)
    expect(accepts(input, { id: 'a', kind: 'k', iban: 'DE' })).toBe(false)
    expect(accepts(input, { id: 'a', kind: 'k' })).toBe(false)
    expect(accepts(input, { id: 'a', card: 'c' })).toBe(false)
    expect(accepts(input, { id: 'a', kind: 'k', card: 'c', more: 1 })).toBe(false)
  })

  it('AF8 demands the members of an optional body only when there is one', () => {
    const { input } = convert(
      jsonBody(
        {
          type: 'object',
          required: ['a', 'b'],
          properties: { a: { type: 'string' }, b: { type: 'string' } },
        },
        false,
      ),
    )
    expect(accepts(input, {})).toBe(true)
    expect(accepts(input, { a: 'x', b: 'y' })).toBe(true)
    expect(accepts(input, { a: 'x' })).toBe(false)
  })

  it.each([
    ['a list', { type: 'array', items: { type: 'string' } }],
    [
      'an object or a list',
      { oneOf: [{ type: 'object', properties: { a: {} } }, { type: 'array' }] },
    ],
    ['a free map', { type: 'object', additionalProperties: { type: 'string' } }],
    ['an object or null', { type: ['object', 'null'], properties: { a: {} } }],
    ['members by pattern', { type: 'object', properties: { a: {} }, patternProperties: { x: {} } }],
  ])('AF8 passes %s as one field', (_what, schema) => {
    expect(convert(jsonBody(schema)).input).toMatchObject({
      properties: { body: schema },
      required: ['body'],
    })
  })

  it('AF8 leaves out what only the service writes', () => {
    const { input } = convert(
      jsonBody({
        type: 'object',
        required: ['id', 'name'],
        properties: { id: { type: 'string', readOnly: true }, name: { type: 'string' } },
      }),
    )
    expect(input).toMatchObject({ required: ['name'] })
    expect(Object.keys(Object(input?.['properties']))).toEqual(['name'])
  })

  it('AF8 offers bytes as base64 and text as text', () => {
    const body = (mediaType: string) => ({
      requestBody: { content: { [mediaType]: { schema: {} } } },
    })
    expect(convert(body('image/png')).input).toMatchObject({
      properties: { body: { type: 'string', contentEncoding: 'base64' } },
    })
    expect(convert(body('text/csv')).input).toMatchObject({
      properties: { body: { type: 'string' } },
    })
  })
})

describe('schemas', () => {
  it('AF8 resolves nested references, keeps recursion finite and carries only what is used', () => {
    const schemas = {
      Tree: {
        type: 'object',
        properties: {
          children: { type: 'array', items: { $ref: '#/components/schemas/Tree' } },
          leaf: { $ref: '#/components/schemas/Leaf~1one/properties/inner' },
        },
      },
      'Leaf/one': { properties: { inner: { type: 'string', 'x-more': { $ref: '#/nowhere' } } } },
      Unused: { type: 'boolean' },
    }
    const { output } = convert(returning({ $ref: '#/components/schemas/Tree' }), {
      rest: { components: { schemas } },
    })
    expect(Object.keys(Object(output?.['$defs'])).toSorted()).toEqual(['Tree', 'inner'])
    expect(accepts(output, { children: [{ children: [], leaf: 'a' }] })).toBe(true)
    expect(accepts(output, { children: [{ children: [{ leaf: 1 }] }] })).toBe(false)
    expect(JSON.stringify(output)).not.toContain('components')
  })

  it('AF8 translates OpenAPI 3.0 schemas', () => {
    const { output } = convert(
      returning({
        type: 'object',
        properties: {
          price: { type: 'number', minimum: 0, exclusiveMinimum: true, example: 5 },
          size: { type: 'integer', maximum: 9, exclusiveMaximum: false },
          state: { type: 'string', nullable: true, enum: ['on', 'off'] },
          owner: { nullable: true, allOf: [{ $ref: '#/components/schemas/Owner' }] },
          file: { type: 'string', format: 'byte' },
        },
      }),
      {
        rest: {
          openapi: '3.0.3',
          components: { schemas: { Owner: { type: 'object', required: ['name'] } } },
        },
      },
    )
    expect(output).toMatchObject({
      properties: {
        price: { type: 'number', exclusiveMinimum: 0, examples: [5] },
        size: { type: 'integer', maximum: 9 },
        state: { type: ['string', 'null'], enum: ['on', 'off', null] },
        file: { type: 'string', contentEncoding: 'base64' },
      },
    })
    expect(accepts(output, { price: 0 })).toBe(false)
    expect(accepts(output, { owner: null })).toBe(true)
    expect(accepts(output, { owner: {} })).toBe(false)
    expect(accepts(output, { state: null, size: 9 })).toBe(true)
  })

  it('AF8 leaves 3.1 schemas as they are, words beside a reference included', () => {
    const { output } = convert(
      returning({
        type: 'object',
        properties: { a: { $ref: '#/components/schemas/A', minLength: 2 } },
      }),
      { rest: { components: { schemas: { A: { type: ['string', 'null'], maxLength: 3 } } } } },
    )
    expect(accepts(output, { a: 'ab' })).toBe(true)
    expect(accepts(output, { a: 'a' })).toBe(false)
    expect(accepts(output, { a: 'abcd' })).toBe(false)
  })

  it('AF8 takes the results of every 2xx response', () => {
    const json = (schema: unknown) => ({ content: { 'application/json': { schema } } })
    const { output } = convert({
      responses: {
        '200': json({ type: 'string' }),
        '202': json({ type: 'integer' }),
        '204': {},
        '404': json({}),
      },
    })
    expect(['a', 1, null, {}].map((value) => accepts(output, value))).toEqual([
      true,
      true,
      true,
      false,
    ])
  })

  it('AF8 survives malformed keywords and keeps the others', () => {
    const { output } = convert(
      returning({
        type: 'string',
        pattern: '[',
        maxLength: 3,
        minLength: 'two',
        required: true,
        enum: [],
      }),
    )
    expect(output).toEqual({ type: 'string', maxLength: 3 })
  })

  it.each([
    ['a version that is not 3.x', { openapi: '2.0' }],
    ['a reference into another document', documentWith(jsonBody({ $ref: 'other.json#/A' }))],
    ['a reference to nothing', documentWith(jsonBody({ $ref: '#/components/schemas/A' }))],
    [
      'a parameter that refers to itself',
      {
        ...documentWith({ parameters: [{ $ref: '#/components/parameters/a' }] }),
        components: { parameters: { a: { $ref: '#/components/parameters/a' } } },
      },
    ],
  ])('AF8 says what is wrong with %s', (_what, document) => {
    expect(() => fromOpenAPI(document)).toThrow(TypeError)
  })
})
