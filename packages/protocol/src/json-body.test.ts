import { expect, it } from 'vitest'
import { readJsonBody } from './json-body.ts'
import { isStorableJson, MAX_JSON_DEPTH } from './storable.ts'

const request = (body: BodyInit | null, headers: Record<string, string> = {}) =>
  new Request('http://localhost/', {
    method: 'POST',
    headers,
    body,
    ...(body instanceof ReadableStream && { duplex: 'half' }),
  })

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

it.each([
  ['an object', '{"a":"ä€😀"}', { a: 'ä€😀' }],
  ['nothing', '', undefined],
  ['a mark of the byte order before it', '\ufeff{"a":1}', { a: 1 }],
  ['as deep as may be', nested(MAX_JSON_DEPTH), JSON.parse(nested(MAX_JSON_DEPTH))],
])('reads %s', async (_title, text, expected) => {
  const bytes = new TextEncoder().encode(text)
  expect(await readJsonBody(request(text))).toEqual(expected)
  const length = { 'content-length': String(bytes.length) }
  expect(await readJsonBody(request(text, length))).toEqual(expected)
  // Cut where characters are not whole.
  const parts = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
      controller.close()
    },
  })
  expect(await readJsonBody(request(parts))).toEqual(expected)
})

it.each([
  ['what is not JSON', '{', 'invalid_request'],
  ['a NUL', '{"a":"\\u0000"}', 'invalid_request'],
  ['half of a pair', '{"\\ud800":1}', 'invalid_request'],
  ['what is nested too deeply', nested(MAX_JSON_DEPTH + 1), 'invalid_request'],
  ['what is nested very deeply', nested(400_000), 'invalid_request'],
  ['what is too long', JSON.stringify('x'.repeat(1_000_000)), 'payload_too_large'],
])('refuses %s', async (_title, text, code) => {
  await expect(readJsonBody(request(text))).rejects.toMatchObject({ code })
  const length = { 'content-length': String(text.length) }
  await expect(readJsonBody(request(text, length))).rejects.toMatchObject({ code })
})

it('stops reading a body without an end, and says so', async () => {
  let sent = 0
  let isCancelled = false
  const chunk = new Uint8Array(100_000).fill(32)
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += chunk.length
      controller.enqueue(chunk)
    },
    cancel() {
      isCancelled = true
    },
  })
  const refused = { code: 'payload_too_large' }
  await expect(readJsonBody(request(endless))).rejects.toMatchObject(refused)
  expect(sent).toBeLessThan(2_000_000)
  expect(isCancelled).toBe(true)
})

it('says that what is nested too deeply cannot be stored, without running out of stack', () => {
  expect(isStorableJson(JSON.parse(nested(400_000)))).toBe(false)
})
