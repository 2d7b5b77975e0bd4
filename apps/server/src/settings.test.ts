import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigurationError } from '@countersign/server'
import { afterAll, describe, expect, it } from 'vitest'
import { readSettings } from './settings.ts'

const directory = mkdtempSync(join(tmpdir(), 'countersign-settings-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const dataDir = join(directory, 'data')
const secret = 'Vn3x8Qp2Lr7Zt5Yw1Kd9Hs4Jb6Mc0Fg!'
const read = (source: Record<string, string>) =>
  readSettings({ COUNTERSIGN_DATA_DIR: dataDir, ...source })

describe('readSettings', () => {
  it('needs nothing in development', () => {
    expect(read({})).toEqual({
      production: false,
      port: 4100,
      host: '127.0.0.1',
      baseURL: 'http://localhost:4100',
      dataDir,
      namedDataDir: dataDir,
      trustedOrigins: [],
      connectionString: undefined,
      secret: undefined,
      demo: true,
      migrate: undefined,
      dynamicRegistration: false,
      firstEmail: 'owner@countersign.local',
      trustedProxies: [],
    })
  })

  it('is closed in production: every address, no demo, https', () => {
    const production = { NODE_ENV: 'production', COUNTERSIGN_SECRET: secret }
    expect(read({ ...production, COUNTERSIGN_BASE_URL: 'https://id.example.com/' })).toMatchObject({
      host: undefined,
      demo: false,
      baseURL: 'https://id.example.com',
    })
    expect(read({ ...production, COUNTERSIGN_BASE_URL: 'http://127.0.0.1:8080' })).toMatchObject({
      baseURL: 'http://127.0.0.1:8080',
    })
  })

  it('puts the port into the base URL, and takes an empty variable for absent', () => {
    expect(read({ PORT: '8080', COUNTERSIGN_BASE_URL: ' ' }).baseURL).toBe('http://localhost:8080')
  })

  it('announces requests where the operator says, signed', () => {
    const notify = { url: 'https://mailer.example.com/notices', secret }
    const source = { COUNTERSIGN_NOTIFY_URL: notify.url, COUNTERSIGN_NOTIFY_SECRET: secret }
    expect(read(source).notify).toEqual(notify)
    for (const wrong of [
      { COUNTERSIGN_NOTIFY_URL: notify.url },
      { ...source, COUNTERSIGN_NOTIFY_SECRET: 'short' },
      { ...source, COUNTERSIGN_NOTIFY_URL: 'http://mailer.example.com' },
    ]) {
      expect(() => read(wrong)).toThrow(ConfigurationError)
    }
  })

  it.each([
    ['PORT', { PORT: 'http' }, 'PORT must be a number from 1 to 65535.'],
    ['PORT', { PORT: '0' }, 'PORT must be a number from 1 to 65535.'],
    ['PORT', { PORT: '65536' }, 'PORT must be a number from 1 to 65535.'],
    ['PORT', { PORT: '4100.5' }, 'PORT must be a number from 1 to 65535.'],
    [
      'COUNTERSIGN_BASE_URL',
      { COUNTERSIGN_BASE_URL: 'id.example.com' },
      'COUNTERSIGN_BASE_URL must be a URL such as https://id.example.com.',
    ],
    [
      'COUNTERSIGN_BASE_URL',
      { COUNTERSIGN_BASE_URL: 'ftp://id.example.com' },
      'COUNTERSIGN_BASE_URL must be a URL such as https://id.example.com.',
    ],
    [
      'COUNTERSIGN_BASE_URL',
      { COUNTERSIGN_BASE_URL: 'https://id.example.com/auth' },
      'COUNTERSIGN_BASE_URL must be an origin such as https://id.example.com, without path, query or user.',
    ],
    [
      'COUNTERSIGN_BASE_URL',
      { COUNTERSIGN_BASE_URL: 'https://me@id.example.com' },
      'COUNTERSIGN_BASE_URL must be an origin such as https://id.example.com, without path, query or user.',
    ],
    [
      'COUNTERSIGN_BASE_URL',
      { NODE_ENV: 'production', COUNTERSIGN_BASE_URL: 'http://id.example.com' },
      'COUNTERSIGN_BASE_URL must start with https:// in production.',
    ],
    [
      'COUNTERSIGN_BASE_URL',
      { NODE_ENV: 'production', COUNTERSIGN_BASE_URL: 'http://localhost.example.com' },
      'COUNTERSIGN_BASE_URL must start with https:// in production.',
    ],
    [
      'DATABASE_URL',
      { DATABASE_URL: 'mysql://u:hunter2@db/x' },
      'DATABASE_URL must look like postgres://user:password@host:5432/name.',
    ],
    [
      'COUNTERSIGN_SECRET',
      { COUNTERSIGN_SECRET: 'short' },
      'COUNTERSIGN_SECRET must have at least 32 characters: make one with `openssl rand -hex 32`.',
    ],
    [
      'COUNTERSIGN_SECRET',
      { NODE_ENV: 'production' },
      'COUNTERSIGN_SECRET is required in production: make one with `openssl rand -hex 32`.',
    ],
    [
      'COUNTERSIGN_DEMO',
      { COUNTERSIGN_DEMO: 'maybe' },
      'COUNTERSIGN_DEMO must be `true` or `false`.',
    ],
    [
      'COUNTERSIGN_FIRST_EMAIL',
      { COUNTERSIGN_FIRST_EMAIL: 'owner' },
      'COUNTERSIGN_FIRST_EMAIL must be an e-mail address.',
    ],
    [
      'COUNTERSIGN_HOST',
      { COUNTERSIGN_HOST: 'example.com' },
      'COUNTERSIGN_HOST must be an IP address of this machine.',
    ],
    [
      'COUNTERSIGN_TRUSTED_PROXIES',
      { COUNTERSIGN_TRUSTED_PROXIES: '10.0.0.0/99' },
      'COUNTERSIGN_TRUSTED_PROXIES must be addresses or CIDR ranges such as 10.0.0.0/8, separated by commas.',
    ],
  ])('refuses %s in one sentence: %j', (_name, source, sentence) => {
    expect(() => read(source)).toThrow(new ConfigurationError(sentence))
  })

  it('refuses a data directory that is a file', () => {
    const file = join(directory, 'file')
    writeFileSync(file, '')
    expect(() => read({ COUNTERSIGN_DATA_DIR: file })).toThrow(
      `COUNTERSIGN_DATA_DIR must be a directory this user can write to, and ${file} is not.`,
    )
  })
})
