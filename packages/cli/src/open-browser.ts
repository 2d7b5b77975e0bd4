import { spawn } from 'node:child_process'
import { join } from 'node:path'

/**
 * Opens a page in the default browser and reports whether the opener started.
 *
 * Only http(s), and never through a shell: the address is one argument of the platform's opener, so
 * nothing in it can become a command (CVE-2025-6514).
 */
export function openBrowser(url: URL, platform: string = process.platform): Promise<boolean> {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return Promise.resolve(false)
  const [command, ...args] = opener(platform)
  return new Promise((resolve) => {
    const child = spawn(command, [...args, plainUrl(url)], {
      shell: false,
      stdio: 'ignore',
      detached: true,
    })
    child.once('error', () => resolve(false))
    child.once('spawn', () => {
      child.unref()
      resolve(true)
    })
  })
}

function opener(platform: string): readonly [string, ...string[]] {
  if (platform === 'darwin') return ['open']
  if (platform !== 'win32') return ['xdg-open']
  const system = join(process.env['SystemRoot'] ?? String.raw`C:\Windows`, 'System32')
  return [join(system, 'rundll32.exe'), 'url.dll,FileProtocolHandler']
}

/** Some openers are shell scripts themselves: what a shell could read is percent-encoded. */
function plainUrl(url: URL): string {
  return url.href.replaceAll(/[^\w.~:/?#@&=+,%[\]-]/g, (character) =>
    Array.from(
      new TextEncoder().encode(character),
      (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    ).join(''),
  )
}
