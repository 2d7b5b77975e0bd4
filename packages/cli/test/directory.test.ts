import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ForeignServer } from '../../agent/test/foreign-server.ts'
import { newCli } from './cli.ts'
import type { Run } from './cli.ts'

let service: ForeignServer
let server: Server
let directory: string
let run: (argv: string[]) => Promise<Run>

beforeEach(async () => {
  service = await ForeignServer.start()
  run = await newCli()
  server = createServer((_request, response) => {
    const entry = {
      version: '1.0-draft',
      issuer: service.url,
      endpoints: { execute: '/api/execute' },
    }
    const providers = [entry, { ...entry, issuer: 'http://evil.example' }]
    response.end(JSON.stringify({ providers, intent: 'x', count: 2 }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  directory = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  await service.close()
  await new Promise((resolve) => server.close(resolve))
})

describe('countersign agent search', () => {
  it('AC8 AF13 shows what the services confirm, and warns of the rest', async () => {
    const found = await run(['agent', 'search', 'pay a bill', '--directory', directory])
    expect(found).toMatchObject({ code: 0, err: [] })
    expect(found.out.slice(0, 2)).toEqual([`foreign-bank  ${service.url}`, '  A bank'])
    expect(found.out[2]).toMatch(/^Careful: the directory lists http:\/\/evil\.example\./)
    const { json } = await run(['agent', 'search', 'pay', '--directory', directory, '--json'])
    expect(json).toMatchObject([{ providers: [{ issuer: service.url }], rejected: [{}] }])
  })

  it('AC8 says what is missing', async () => {
    const nowhere = await run(['agent', 'search', 'pay'])
    expect(nowhere.err).toEqual(['Name a directory: --directory <url>, or COUNTERSIGN_DIRECTORY.'])
    const many = await run(['agent', 'search', 'pay', '--directory', directory, '--limit', 'x'])
    expect(many.err).toEqual(['--limit is a whole number from 1.'])
  })
})

describe('countersign agent providers', () => {
  it('AC8 lists the services this machine has a key for', async () => {
    expect((await run(['agent', 'providers'])).out).toEqual(['No services yet.'])
    await run(['agent', 'connect', service.url, '--name', 'Helper', '--mode', 'autonomous'])
    expect((await run(['agent', 'providers'])).out).toEqual([
      `foreign-bank  ${service.url}`,
      '  A bank',
    ])
  })
})
