import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createFromOpenAPI,
  type CreateFromOpenAPIOptions,
} from '../src/agent-auth/capability-sources/openapi/index.ts'
import {
  capabilityNamed,
  documentWith,
  execute,
  startService,
  type Received,
  type Service,
} from './openapi-support.ts'

const secret = 'Bearer operator-token-1234'
let service: Service
let answer: (request: Received, response: ServerResponse) => void

beforeEach(async () => {
  answer = (_request, response) => response.writeHead(204).end()
  service = await startService((request, response) => answer(request, response))
})
afterEach(() => service.stop())

function call(
  operation: Record<string, unknown> = {},
  args: Record<string, unknown> = {},
  {
    method = 'post',
    signal,
    ...options
  }: CreateFromOpenAPIOptions & {
    method?: string
    signal?: AbortSignal
  } = {},
) {
  const { capabilities } = createFromOpenAPI(documentWith(operation, { method }), {
    baseUrl: service.url,
    headers: { authorization: secret },
    ...options,
  })
  return execute(capabilityNamed(capabilities, 'do_thing'), args, signal)
}

function respond(status: number, contentType: string | undefined, body: string | Uint8Array) {
  answer = (_request, response) =>
    response.writeHead(status, contentType ? { 'content-type': contentType } : {}).end(body)
}

function bodyOf(mediaType: string, media: Record<string, unknown>, required = true) {
  return { requestBody: { required, content: { [mediaType]: media } } }
}

describe('answers', () => {
  it.each([
    ['JSON', 'application/json', '{"a":1}', { a: 1 }],
    ['JSON of a kind', 'application/vnd.things+json; charset=utf-8', '[1]', [1]],
    ['text', 'text/plain', 'häh', 'häh'],
    ['text in another charset', 'text/plain; charset=iso-8859-1', Uint8Array.of(0xe4), 'ä'],
    ['bytes', 'image/png', Uint8Array.of(0, 255), { content_type: 'image/png', base64: 'AP8=' }],
    ['text of no type', undefined, 'plain', 'plain'],
    [
      'bytes of no type',
      undefined,
      Uint8Array.of(255),
      { content_type: 'application/octet-stream', base64: '/w==' },
    ],
    ['nothing', 'application/json', '', null],
  ] as const)('AF8 reads %s', async (_what, contentType, body, expected) => {
    respond(200, contentType, body)
    expect(await call()).toEqual(expected)
  })

  it('AF8 reads 204 and HEAD as null', async () => {
    expect(await call()).toBeNull()
    respond(200, 'application/json', '')
    expect(await call({}, {}, { method: 'head' })).toBeNull()
  })

  it('AF8 asks for what the document says comes back', async () => {
    await call({ responses: { '200': { content: { 'text/csv': {} } } } })
    expect(service.last().headers.accept).toBe('text/csv, */*;q=0.1')
  })

  it('AF8 refuses malformed JSON', async () => {
    respond(200, 'application/json', '{')
    await expect(call()).rejects.toMatchObject({ code: 'upstream_error' })
  })

  it('AF8 stops reading an answer that is too large, announced or not', async () => {
    respond(200, 'text/plain', 'x'.repeat(2000))
    await expect(call({}, {}, { maxResponseSize: 1000 })).rejects.toMatchObject({
      code: 'upstream_error',
      details: { upstream_status: 200 },
    })
    let closed = false
    answer = (_request, response) => {
      response.on('close', () => (closed = true))
      response.writeHead(200, { 'content-type': 'text/plain' })
      const timer = setInterval(() => response.write('x'.repeat(500)), 5)
      response.on('close', () => clearInterval(timer))
    }
    await expect(call({}, {}, { maxResponseSize: 1000 })).rejects.toMatchObject({
      code: 'upstream_error',
    })
    await expect.poll(() => closed).toBe(true)
  })
})

describe('refusals', () => {
  it.each([400, 403, 404, 409, 422, 429])('AF8 tells the agent why it got %i', async (status) => {
    respond(
      status,
      'application/problem+json',
      JSON.stringify({
        title: 'No',
        detail: 'Because.',
        trace: 'at db.ts:1',
        password: 'x',
        code: 7,
      }),
    )
    await expect(call()).rejects.toMatchObject({
      code: 'upstream_error',
      status: 502,
      message: expect.stringContaining(String(status)),
      details: { upstream_status: status, upstream_body: { title: 'No', detail: 'Because.' } },
    })
  })

  it('AF8 passes on nothing else: no HTML, no 500, no secret, no novel', async () => {
    respond(404, 'text/html', '<h1>nginx at 10.0.0.3</h1>')
    await expect(call()).rejects.toMatchObject({ details: { upstream_status: 404 } })
    const html = await call().catch((error: { details: object }) => error.details)
    expect(html).toEqual({ upstream_status: 404 })

    respond(500, 'application/json', '{"message":"SQL: select * from users"}')
    const internal = await call().catch((error: { details: object }) => error.details)
    expect(internal).toEqual({ upstream_status: 500 })

    respond(
      401,
      'application/json',
      JSON.stringify({ error: { message: `${secret}\u0007 is bad`, code: 'E1' } }),
    )
    const echoed = await call().catch((error: { details: object }) => error.details)
    expect(echoed).toEqual({
      upstream_status: 401,
      upstream_body: { error: '[removed]  is bad: E1' },
    })

    respond(
      422,
      'application/json',
      JSON.stringify({ detail: 'a'.repeat(400), message: 'b'.repeat(400) }),
    )
    const long = await call().catch(
      (error: { details: { upstream_body: object } }) => error.details,
    )
    expect(Object.values(Object(Object(long).upstream_body)).join('')).toHaveLength(500)
  })

  it('AF8 says nothing of the address when the service is away', async () => {
    const { url } = service
    const away = await startService()
    await away.stop()
    const error: unknown = await call({}, {}, { baseUrl: away.url }).catch(
      (reason: unknown) => reason,
    )
    expect(error).toMatchObject({ code: 'upstream_error' })
    expect(JSON.stringify(error)).not.toContain('127.0.0.1')
    expect(url).toContain('127.0.0.1')
  })

  it('AF8 gives up after the timeout, in headers and in the body', async () => {
    answer = () => undefined
    const { signal } = new AbortController()
    await expect(call({}, {}, { timeout: 60, signal })).rejects.toMatchObject({
      code: 'upstream_error',
      message: expect.stringContaining('in time'),
    })
    answer = (_request, response) =>
      void response.writeHead(200, { 'content-type': 'text/plain' }).write('x')
    await expect(call({}, {}, { timeout: 60 })).rejects.toMatchObject({
      code: 'upstream_error',
      message: expect.stringContaining('in time'),
    })
  })

  it('AF8 stops when the caller goes away', async () => {
    answer = () => undefined
    const controller = new AbortController()
    const pending = call({}, {}, { signal: controller.signal })
    await expect.poll(() => service.received.length).toBe(1)
    controller.abort()
    await expect(pending).rejects.toMatchObject({ code: 'upstream_error' })
  })
})

describe('redirects', () => {
  it('AF8 follows within the origin, three times at most', async () => {
    answer = ({ url }, response) => {
      const left = Number(new URL(url, service.url).searchParams.get('left') ?? '3')
      if (left > 0) response.writeHead(307, { location: `/things?left=${left - 1}` }).end()
      else response.writeHead(200, { 'content-type': 'text/plain' }).end('there')
    }
    const json = bodyOf('application/json', { schema: { type: 'object', properties: { a: {} } } })
    expect(await call(json, { a: 1 })).toBe('there')
    expect(service.received.map(({ method, body }) => method + body.toString())).toEqual(
      Array(4).fill('POST{"a":1}'),
    )
    answer = (_request, response) => response.writeHead(302, { location: '/things' }).end()
    await expect(call()).rejects.toMatchObject({ details: { upstream_status: 302 } })
  })

  it('AF8 turns a POST into a GET after 303', async () => {
    answer = ({ url }, response) => {
      if (url === '/things') response.writeHead(303, { location: '/done' }).end()
      else response.writeHead(204).end()
    }
    const json = bodyOf('application/json', { schema: { type: 'object', properties: { a: {} } } })
    expect(await call(json, { a: 1 })).toBeNull()
    expect(service.last()).toMatchObject({ method: 'GET', url: '/done', body: Buffer.from('') })
  })

  it('AF8 takes no credential to another origin', async () => {
    const stranger = await startService()
    for (const location of [
      stranger.url,
      `${stranger.url}/x`,
      stranger.url.replace('http:', ''),
      'ftp://x/',
      'http://[',
    ]) {
      answer = (_request, response) => response.writeHead(302, { location }).end()
      const error: unknown = await call().catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'upstream_error', details: { upstream_status: 302 } })
      expect(JSON.stringify(error)).not.toContain(stranger.url)
    }
    expect(stranger.received).toEqual([])
    await stranger.stop()
  })
})

describe('bodies', () => {
  it('AF8 writes a form by its encoding', async () => {
    const schema = {
      type: 'object',
      properties: { name: {}, tags: { type: 'array' }, csv: {}, deep: {}, json: {} },
    }
    const encoding = { csv: { explode: false }, deep: { style: 'deepObject', explode: true } }
    const args = { name: 'a b&c', tags: ['x', 'y'], csv: [1, 2], deep: { k: 'v' }, json: { n: 1 } }
    await call(bodyOf('application/x-www-form-urlencoded', { schema, encoding }), args)
    const { headers, body } = service.last()
    expect(headers['content-type']).toBe('application/x-www-form-urlencoded')
    expect([...new URLSearchParams(body.toString())]).toEqual([
      ['name', 'a b&c'],
      ['tags', 'x'],
      ['tags', 'y'],
      ['csv', '1,2'],
      ['deep[k]', 'v'],
      ['json', '{"n":1}'],
    ])
  })

  it('AF8 lets no exploded object in a form pass for another field', async () => {
    const schema = { type: 'object', properties: { to: {}, more: { type: 'object' } } }
    const form = bodyOf('application/x-www-form-urlencoded', {
      schema,
      encoding: { more: { style: 'form' } },
    })
    await expect(call(form, { to: 'acc_2', more: { to: 'acc_3' } })).rejects.toMatchObject({
      code: 'invalid_request',
    })
  })

  it('AF8 writes a multipart body that a real parser reads', async () => {
    const schema = {
      type: 'object',
      properties: {
        'na"me\r\n': { type: 'string' },
        file: { type: 'string', format: 'binary' },
        meta: { type: 'object' },
        files: { type: 'array', items: { type: 'string', contentMediaType: 'image/png' } },
      },
    }
    const encoding = { file: { contentType: 'image/png, image/jpeg' } }
    await call(bodyOf('multipart/form-data', { schema, encoding }), {
      'na"me\r\n': 'text',
      file: 'AP8=',
      meta: { a: 1 },
      files: ['AA==', 'AQ=='],
    })
    const { headers, body } = service.last()
    const form = await new Response(new Uint8Array(body), {
      headers: { 'content-type': headers['content-type'] ?? '' },
    }).formData()
    expect(form.get('na"me\r\n')).toBe('text')
    const file = form.get('file')
    if (!(file instanceof File)) throw new Error('A file was expected.')
    expect([file.type, Buffer.from(await file.arrayBuffer())]).toEqual([
      'image/png',
      Buffer.from([0, 255]),
    ])
    expect(form.get('meta')).toBe('{"a":1}')
    expect(form.getAll('files')).toHaveLength(2)
  })

  it('AF8 writes bytes and text as they are', async () => {
    await call(bodyOf('application/octet-stream', {}), { body: 'AP8=' })
    expect(service.last().body).toEqual(Buffer.from([0, 255]))
    await call(bodyOf('text/plain', {}), { body: 'héllo' })
    expect(service.last()).toMatchObject({ headers: { 'content-type': 'text/plain' } })
    expect(service.last().body.toString()).toBe('héllo')
    await expect(
      call(bodyOf('application/octet-stream', {}), { body: 'no base64!' }),
    ).rejects.toMatchObject({
      code: 'invalid_request',
    })
  })

  it('AF8 writes a JSON body of any shape, and leaves an optional one out', async () => {
    await call(bodyOf('application/json', { schema: { type: 'array' } }), { body: [1, null] })
    expect(service.last().body.toString()).toBe('[1,null]')
    const object = { schema: { type: 'object', properties: { a: {} } } }
    await call(bodyOf('application/merge-patch+json', object), { a: null })
    expect(service.last()).toMatchObject({
      headers: { 'content-type': 'application/merge-patch+json' },
    })
    expect(service.last().body.toString()).toBe('{"a":null}')
    await call(bodyOf('application/json', object))
    expect(service.last().body.toString()).toBe('{}')
    await call(bodyOf('application/json', object, false))
    expect(service.last().body.toString()).toBe('')
    expect(service.last().headers['content-type']).toBeUndefined()
  })

  it('AF8 writes parameters that travel as JSON, headers and cookies', async () => {
    const parameters = [
      {
        name: 'filter',
        in: 'query',
        content: { 'application/json': { schema: { type: 'object' } } },
      },
      { name: 'X-List', in: 'header', schema: { type: 'array' } },
      { name: 'theme', in: 'cookie', schema: {} },
    ]
    await call({ parameters }, { filter: { a: [1] }, 'X-List': [1, 2], theme: 'dark' })
    const { url, headers } = service.last()
    expect(new URL(url, service.url).searchParams.get('filter')).toBe('{"a":[1]}')
    expect(headers).toMatchObject({ 'x-list': '1,2', cookie: 'theme=dark', authorization: secret })
  })
})
