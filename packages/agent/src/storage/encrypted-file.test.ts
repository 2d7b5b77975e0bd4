import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { describeStorage } from '../../test/describe-storage.ts'
import { encryptedFileStorage } from './encrypted-file.ts'
import type { StoredHost } from './storage.ts'

const run = promisify(execFile)
const loader = fileURLToPath(new URL('../../test/typescript-loader.mjs', import.meta.url))
const writer = fileURLToPath(new URL('../../test/storage-writer.ts', import.meta.url))

async function newFile(): Promise<string> {
  return join(await mkdtemp(join(tmpdir(), 'countersign-')), 'home', 'agents.json')
}

const host: StoredHost = {
  issuer: 'https://bank.example',
  provider_name: 'bank',
  description: '',
  public_jwk: { kty: 'OKP', crv: 'Ed25519', x: 'public' },
  private_jwk: { kty: 'OKP', crv: 'Ed25519', x: 'public', d: 'very-private' },
  created_at: '',
}

describeStorage('encryptedFileStorage', async () => encryptedFileStorage({ file: await newFile() }))
describeStorage('encryptedFileStorage with a passphrase', async () =>
  encryptedFileStorage({ file: await newFile(), passphrase: 'correct horse' }),
)

describe('AC6 encryptedFileStorage', () => {
  it.skipIf(process.platform === 'win32')('keeps files and folder to their owner', async () => {
    const file = await newFile()
    await encryptedFileStorage({ file }).hosts.update('a', () => host)
    const mode = async (path: string): Promise<string> =>
      ((await stat(path)).mode & 0o777).toString(8)
    expect(await mode(file)).toBe('600')
    expect(await mode(`${file}.key`)).toBe('600')
    expect(await mode(join(file, '..'))).toBe('700')
  })

  it('writes no key and no name in the clear', async () => {
    const file = await newFile()
    await encryptedFileStorage({ file, passphrase: 'p' }).hosts.update('a', () => host)
    const text = await readFile(file, 'utf8')
    expect(text).not.toContain('very-private')
    expect(text).not.toContain('bank')
    expect(await readdir(join(file, '..'))).toEqual(['agents.json'])
  })

  it('opens again with the same passphrase and with no other', async () => {
    const file = await newFile()
    await encryptedFileStorage({ file, passphrase: 'right' }).hosts.update('a', () => host)
    const right = encryptedFileStorage({ file, passphrase: 'right' })
    expect(await right.hosts.get('a')).toEqual(host)
    for (const passphrase of ['wrong', '']) {
      const other = encryptedFileStorage({ file, passphrase })
      await expect(other.hosts.get('a')).rejects.toMatchObject({ code: 'storage_unreadable' })
      await expect(other.hosts.update('b', () => host)).rejects.toMatchObject({
        code: 'storage_unreadable',
      })
    }
    expect(await encryptedFileStorage({ file, passphrase: 'right' }).hosts.list()).toHaveLength(1)
  })

  it('moves to a passphrase at the next write', async () => {
    const file = await newFile()
    await encryptedFileStorage({ file }).hosts.update('a', () => host)
    await encryptedFileStorage({ file, passphrase: 'new' }).hosts.update('b', () => host)
    expect(await encryptedFileStorage({ file, passphrase: 'new' }).hosts.list()).toHaveLength(2)
    await expect(encryptedFileStorage({ file }).hosts.list()).rejects.toThrow(
      'COUNTERSIGN_PASSPHRASE',
    )
  })

  it.each([
    ['a changed byte', (text: string) => text.replace(/"ciphertext":"../, '"ciphertext":"AA')],
    ['a lowered cost', (text: string) => text.replace('131072', '32768')],
    ['an absurd cost', (text: string) => text.replace('131072', '1073741824')],
    ['half a file', (text: string) => text.slice(0, 40)],
    ['nothing', () => ''],
  ])('refuses %s and leaves the file alone', async (_title, damage) => {
    const file = await newFile()
    await encryptedFileStorage({ file, passphrase: 'p' }).hosts.update('a', () => host)
    const damaged = damage(await readFile(file, 'utf8'))
    await writeFile(file, damaged)
    const storage = encryptedFileStorage({ file, passphrase: 'p' })
    await expect(storage.hosts.get('a')).rejects.toMatchObject({ code: 'storage_unreadable' })
    await expect(storage.hosts.update('b', () => host)).rejects.toMatchObject({
      code: 'storage_unreadable',
    })
    expect(await readFile(file, 'utf8')).toBe(damaged)
  })

  it('never makes a new key for a file that is there', async () => {
    const file = await newFile()
    await encryptedFileStorage({ file }).hosts.update('a', () => host)
    const text = await readFile(file, 'utf8')
    await run('rm', [`${file}.key`])
    await expect(encryptedFileStorage({ file }).hosts.update('b', () => host)).rejects.toThrow(
      'missing',
    )
    expect(await readFile(file, 'utf8')).toBe(text)
  })

  it('sees what another instance wrote', async () => {
    const file = await newFile()
    const [one, two] = [encryptedFileStorage({ file }), encryptedFileStorage({ file })]
    await one.hosts.update('a', () => host)
    expect(await two.hosts.list()).toHaveLength(1)
    await one.hosts.update('b', () => host)
    expect(await two.hosts.list()).toHaveLength(2)
  })

  it('loses nothing when four processes write at once', { timeout: 60_000 }, async () => {
    const file = await newFile()
    const child = (name: string): Promise<unknown> =>
      run(process.execPath, [
        '--conditions=@countersign/source',
        '--import',
        loader,
        writer,
        file,
        name,
        '25',
      ])
    await Promise.all(['a', 'b', 'c', 'd'].map(child))
    expect(await encryptedFileStorage({ file }).hosts.list()).toHaveLength(100)
    expect((await readdir(join(file, '..'))).sort()).toEqual(['agents.json', 'agents.json.key'])
  })

  it.each([
    ['of a process that died', { pid: 2 ** 22 + 1, host: hostname() }, 0],
    ['that is old, whoever left it', { pid: process.pid, host: 'another-machine' }, 120],
  ])('takes over a lock %s', async (_title, owner, ageInSeconds) => {
    const file = await newFile()
    const storage = encryptedFileStorage({ file })
    await storage.hosts.update('a', () => host)
    await writeFile(`${file}.lock`, JSON.stringify({ ...owner, token: 't' }))
    const then = new Date(Date.now() - ageInSeconds * 1000)
    await utimes(`${file}.lock`, then, then)
    await storage.hosts.update('b', () => host)
    expect(await storage.hosts.list()).toHaveLength(2)
  })

  it('waits for a lock that is held', async () => {
    const file = await newFile()
    const storage = encryptedFileStorage({ file })
    await storage.hosts.update('a', () => host)
    const lock = `${file}.lock`
    await writeFile(lock, JSON.stringify({ pid: process.pid, host: hostname(), token: 't' }))
    await chmod(lock, 0o600)
    let done = false
    const writing = storage.hosts.update('b', () => host).then(() => (done = true))
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(done).toBe(false)
    await run('rm', [lock])
    await writing
    expect(await storage.hosts.list()).toHaveLength(2)
  })
})
