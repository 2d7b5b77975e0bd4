import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { extname, join, sep } from 'node:path'

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
}

/** Answers with a file of the built console, or undefined when there is none for the path. */
export type ConsoleFiles = (path: string, page: boolean) => Response | undefined

/**
 * Reads the built console into memory.
 *
 * Only files that exist now are ever served, so no path can reach outside. A page without a file
 * of its own is `index.html`: the console has its own routes.
 */
export function readConsoleFiles(directory: string): ConsoleFiles {
  const files = new Map<
    string,
    { body: Uint8Array<ArrayBuffer>; headers: Record<string, string> }
  >()
  for (const name of existsSync(directory) ? list(directory) : []) {
    const path = `/${name.split(sep).join('/')}`
    files.set(path, {
      body: new Uint8Array(readFileSync(join(directory, name))),
      headers: {
        'content-type': types[extname(name)] ?? 'application/octet-stream',
        'cache-control': cacheControl(path),
      },
    })
  }
  return (path, page) => {
    const file = files.get(path) ?? (page ? files.get('/index.html') : undefined)
    if (file) return new Response(file.body, { headers: file.headers })
    if (!page || files.size > 0) return undefined
    return new Response('The console is not built: run `npm run build`.\n', { status: 503 })
  }
}

/** Names under `assets/` carry a hash of their content; everything else may change any time. */
function cacheControl(path: string): string {
  return path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
}

function list(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(directory, name)).isFile(),
  )
}
