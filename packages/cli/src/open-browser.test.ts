import { chmod, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openBrowser } from './open-browser.ts'

afterEach(() => vi.unstubAllEnvs())

/** A stand-in for the platform's opener, a shell script like the real one, that notes its arguments. */
async function fakeOpener(): Promise<{ folder: string; log: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-opener-'))
  const log = join(folder, 'log')
  const script = `#!/bin/sh\nprintf '%s\\n' "$#" "$1" > '${log}.part'\nmv '${log}.part' '${log}'\n`
  await writeFile(join(folder, 'xdg-open'), script)
  await chmod(join(folder, 'xdg-open'), 0o755)
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH'] ?? ''}`)
  return { folder, log }
}

describe.skipIf(process.platform === 'win32')('openBrowser', () => {
  it.each([
    'https://bank.example/device?code=BCDF-GHJK',
    'https://bank.example/$(touch pwned)',
    'https://bank.example/`touch pwned`',
    'https://bank.example/?a=1&touch pwned&',
    'https://bank.example/;touch pwned',
    `https://bank.example/'"; touch pwned #`,
    'https://bank.example/|touch%20pwned',
    'https://bank.example/?x=%0Atouch%20pwned\n',
    'https://bank.example/?x=${IFS}<>^!*()',
    'https://bank.example/?q=ä\u202E',
  ])('AC4 passes %s as one plain argument (CVE-2025-6514)', async (address) => {
    const { folder, log } = await fakeOpener()
    const url = new URL(address)
    expect(await openBrowser(url, 'linux')).toBe(true)
    const written = await vi.waitFor(() => readFile(log, 'utf8'), { timeout: 5_000, interval: 10 })
    const [count, argument = '', ...rest] = written.trimEnd().split('\n')
    expect([count, rest]).toEqual(['1', []])
    expect(argument).toMatch(/^https:\/\/bank\.example\/[\w.~:/?#@&=+,%[\]-]*$/)
    expect(decodeURIComponent(argument)).toBe(decodeURIComponent(url.href))
    expect((await readdir(folder)).sort()).toEqual(['log', 'xdg-open'])
  })

  it.each([
    'javascript:alert(1)',
    'file:///etc/passwd',
    'data:text/html,<script>',
    'vscode://x',
    'ms-settings:',
    'smb://evil.example/x',
    'ssh://-oProxyCommand=touch/',
  ])('AC4 does not open %s', async (address) => {
    const { log } = await fakeOpener()
    expect(await openBrowser(new URL(address), 'linux')).toBe(false)
    await expect(readFile(log)).rejects.toThrow('ENOENT')
  })

  it('reports that there is no opener', async () => {
    vi.stubEnv('PATH', tmpdir())
    expect(await openBrowser(new URL('https://bank.example'), 'linux')).toBe(false)
  })
})
