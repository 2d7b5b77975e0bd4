import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../usage-error.ts'

/** Text shorter than this is no secret. */
const shortest = 16

/**
 * The token that hosts send over HTTP, and where it is written. Made on first use, in a file that only
 * this account can read: other accounts of the machine reach the port too.
 */
export async function httpToken(
  home: string,
  given: string | undefined,
): Promise<{ token: string; file?: string }> {
  if (given !== undefined) return { token: longEnough(given, 'COUNTERSIGN_MCP_TOKEN') }
  const file = join(home, 'mcp-token')
  await mkdir(home, { recursive: true, mode: 0o700 })
  try {
    const token = randomBytes(32).toString('base64url')
    await writeFile(file, `${token}\n`, { flag: 'wx', mode: 0o600 })
    return { token, file }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    return { token: longEnough((await readFile(file, 'utf8')).trim(), file), file }
  }
}

/** Whether a request carries the token, found out in constant time. */
export function hasToken(request: Request, token: string): boolean {
  const [, sent = ''] = /^Bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '') ?? []
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(sent), digest(token))
}

function longEnough(token: string, origin: string): string {
  if (token.length >= shortest) return token
  throw new UsageError(`The token in ${origin} is shorter than ${shortest} characters.`)
}
