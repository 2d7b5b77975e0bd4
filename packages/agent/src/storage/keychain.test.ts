import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { describeStorage } from '../../test/describe-storage.ts'
import { encryptedFileStorage } from './encrypted-file.ts'
import { keychainStorage, systemKeychain } from './keychain.ts'
import type { StoredHost } from './storage.ts'

const standIn = fileURLToPath(new URL('../../test/stand-in', import.meta.url))

const host: StoredHost = {
  issuer: 'https://bank.example',
  provider_name: 'bank',
  description: '',
  public_jwk: { kty: 'OKP', crv: 'Ed25519', x: 'public' },
  private_jwk: { kty: 'OKP', crv: 'Ed25519', x: 'public', d: 'very-private' },
  created_at: '',
}

let secrets: string
let file: string
beforeEach(async () => {
  secrets = await mkdtemp(join(tmpdir(), 'countersign-secrets-'))
  file = join(await mkdtemp(join(tmpdir(), 'countersign-')), 'home', 'agents.json')
  vi.stubEnv('SECRETS', secrets)
  vi.stubEnv('PATH', `${standIn}${delimiter}${process.env['PATH']}`)
})
afterEach(() => vi.unstubAllEnvs())

/** The file in which the stand-in keeps the passphrase. */
const storedSecret = async () => (await readdir(secrets)).find((name) => name.startsWith('service'))

const open = () => keychainStorage({ file, keychain: systemKeychain('linux') })

describe.skipIf(process.platform === 'win32')('AC6 keychainStorage', () => {
  describeStorage('keychainStorage', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'countersign-'))
    return keychainStorage({
      file: join(folder, 'agents.json'),
      keychain: systemKeychain('linux'),
    })
  })

  it('opens in another process, and without the keychain not at all', async () => {
    await open().hosts.update('a', () => host)
    expect(await open().hosts.get('a')).toEqual(host)
    // No key lies beside the file.
    expect(await readdir(join(file, '..'))).toEqual(['agents.json'])
    await rm(join(secrets, (await storedSecret()) ?? ''))
    await expect(open().hosts.get('a')).rejects.toThrow('has no passphrase for')
    expect(await storedSecret()).toBeUndefined()
  })

  it('passes no secret as an argument', async () => {
    await open().hosts.update('a', () => host)
    const secret = await readFile(join(secrets, (await storedSecret()) ?? ''), 'utf8')
    expect(secret).toMatch(/^[\w-]{43}$/)
    const calls = await readFile(join(secrets, 'calls'), 'utf8')
    expect(calls).toContain('store --label=Countersign service countersign account ')
    expect(calls).not.toContain(secret)
  })

  it('of many that start at once all have the same passphrase', async () => {
    await Promise.all(
      Array.from({ length: 6 }, (_, index) => open().hosts.update(`h${index}`, () => host)),
    )
    expect(await open().hosts.list()).toHaveLength(6)
  })

  it('takes over a file that had no passphrase', async () => {
    await encryptedFileStorage({ file }).hosts.update('a', () => host)
    await open().hosts.update('b', () => host)
    expect(await open().hosts.list()).toHaveLength(2)
    await expect(encryptedFileStorage({ file }).hosts.list()).rejects.toThrow('passphrase')
  })

  it('makes no new passphrase while the keychain is locked, and works once it is not', async () => {
    await open().hosts.update('a', () => host)
    const storage = open()
    await writeFile(join(secrets, 'locked'), '')
    await expect(storage.hosts.get('a')).rejects.toMatchObject({ code: 'storage_unreadable' })
    await rm(join(secrets, 'locked'))
    expect(await storage.hosts.get('a')).toEqual(host)
  })

  it('says what is missing', async () => {
    vi.stubEnv('PATH', '/nowhere')
    await expect(open().hosts.list()).rejects.toThrow('needs `secret-tool`')
    const other = keychainStorage({ file, keychain: systemKeychain('aix') })
    await expect(other.hosts.list()).rejects.toThrow('aix is not supported')
  })
})
