import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createFromOpenAPI,
  type OpenAPIDocument,
} from '../src/agent-auth/capability-sources/openapi/index.ts'
import { sample } from './openapi-sample.ts'
import { execute, startService, type Received, type Service } from './openapi-support.ts'

const require = createRequire(import.meta.url)
const file = require.resolve('@octokit/openapi/generated/api.github.com.json')
const document = JSON.parse(readFileSync(file, 'utf8')) as OpenAPIDocument & {
  paths: Record<string, Record<string, RawOperation>>
  components: { parameters: Record<string, RawParameter> }
}
type RawParameter = { $ref?: string; name: string; in: string }
type RawOperation = { operationId: string; parameters?: RawParameter[] }

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  METHODS.filter((method) => item[method]).map((method) => ({
    path,
    method,
    parameters: (item[method]?.parameters ?? []).map(rawParameter),
  })),
)

function rawParameter(parameter: RawParameter): RawParameter {
  const name = parameter.$ref?.split('/').at(-1)
  return name === undefined ? parameter : (document.components.parameters[name] ?? parameter)
}

describe('the whole GitHub document', () => {
  let service: Service
  let converted: ReturnType<typeof createFromOpenAPI>
  let cpuSeconds: number

  beforeAll(async () => {
    service = await startService()
    const start = process.cpuUsage()
    converted = createFromOpenAPI(document, { baseUrl: `${service.url}/api/v3` })
    const { user, system } = process.cpuUsage(start)
    cpuSeconds = (user + system) / 1e6
  })
  afterAll(() => service.stop())

  it('AF8 converts in under two seconds of processor time', () => {
    expect(cpuSeconds).toBeLessThan(2)
  })

  it('AF8 makes one capability of every operation, each with its own name', () => {
    const names = converted.capabilities.map(({ name }) => name)
    expect(operations.length).toBeGreaterThan(1000)
    expect(names).toHaveLength(operations.length)
    expect(new Set(names).size).toBe(names.length)
    expect(names.filter((name) => !/^[a-z0-9_]{1,128}$/.test(name))).toEqual([])
    expect(names).toContain('issues_create')
  })

  it('AF8 says of every capability what it is and whether it changes something', () => {
    for (const [index, capability] of converted.capabilities.entries()) {
      expect(capability.title?.length).toBeGreaterThan(0)
      expect(capability.description.length).toBeGreaterThan(0)
      expect(capability.readOnly).toBe(operations[index]?.method === 'get')
    }
  })

  it('AF8 makes input schemas that stand alone, and operations that send every argument', async () => {
    const ajv = new Ajv2020({ strict: false, logger: false })
    const failures: string[] = []
    for (const [index, capability] of converted.capabilities.entries()) {
      const operation = operations[index]
      const input = { ...capability.input }
      const args = sample(input, input) as Record<string, unknown>
      const validate = ajv.compile(input)
      if (!validate(args)) failures.push(`${capability.name}: ${ajv.errorsText(validate.errors)}`)

      await execute(capability, args)
      if (operation) failures.push(...differences(operation, args, service.last()))
    }
    expect(service.received).toHaveLength(operations.length)
    expect(failures).toEqual([])
  }, 120_000)

  it('AF8 makes output schemas that compile', () => {
    const ajv = new Ajv2020({ strict: false, logger: false, validateSchema: true })
    const outputs = converted.capabilities.filter(
      ({ name, output }) => output && /^(repos_get|issues_|users_|actions_|gists_)/.test(name),
    )
    expect(outputs.length).toBeGreaterThan(200)
    for (const { output } of outputs) expect(ajv.validateSchema({ ...output })).toBe(true)
    for (const { output } of outputs.slice(0, 25)) ajv.compile({ ...output })
  }, 60_000)
})

/** Compares what a service got with what was asked, with nothing but the document to go by. */
function differences(
  operation: (typeof operations)[number],
  args: Record<string, unknown>,
  { method, url, body }: Received,
): string[] {
  const label = `${operation.method} ${operation.path}`
  const found: string[] = []
  const check = (what: string, actual: unknown, expected: unknown) => {
    if (JSON.stringify(actual) !== JSON.stringify(expected)) {
      found.push(`${label} ${what}: ${JSON.stringify(actual)} is not ${JSON.stringify(expected)}`)
    }
  }
  const address = new URL(url, 'http://localhost')
  const left = new Map(Object.entries(args))
  check('method', method.toLowerCase(), operation.method)

  const expectedSegments = `/api/v3${operation.path}`.split('/')
  const segments = address.pathname.split('/')
  check('segments', segments.length, expectedSegments.length)
  for (const [index, expected] of expectedSegments.entries()) {
    const filled = expected.replaceAll(/\{([^}]+)\}/g, (_all, name: string) => {
      left.delete(name)
      return String(args[name])
    })
    check('segment', decodeURIComponent(segments[index] ?? ''), filled)
  }

  for (const { name, in: location } of operation.parameters) {
    if (location !== 'query') continue
    const field = left.has(name) ? name : `query_${name}`
    check(`query ${name}`, address.searchParams.getAll(name), [args[field]].flat().map(String))
    left.delete(field)
  }

  if (left.size === 0) {
    check('body', body.toString(), operation.method === 'get' ? '' : body.toString())
    return found
  }
  const whole = left.get('body')
  if (left.size === 1 && typeof whole === 'string' && !body.toString().startsWith('{')) {
    const text = body.toString()
    check('raw body', text === 'hello' ? 'aGVsbG8=' : text, whole)
    return found
  }
  const sent: unknown = JSON.parse(body.toString())
  const flat = Object.fromEntries(
    [...left].map(([field, value]) => [field.replace(/^body_(name)$/, '$1'), value]),
  )
  const same =
    JSON.stringify(sorted(sent)) === JSON.stringify(sorted(flat)) ||
    JSON.stringify(sorted(sent)) === JSON.stringify(sorted(whole))
  if (!same) check('body', sorted(sent), sorted(flat))
  return found
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => a.localeCompare(b)))
}
