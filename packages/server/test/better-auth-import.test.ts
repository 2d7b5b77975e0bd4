import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const loader = fileURLToPath(new URL('../../agent/test/typescript-loader.mjs', import.meta.url))

/** Packages that a program loads when it imports one entry of this package. */
async function packagesOf(entry: string): Promise<Set<string>> {
  const program = `
    import { register } from 'node:module'
    import { MessageChannel } from 'node:worker_threads'
    const { port1, port2 } = new MessageChannel()
    const seen = new Set()
    port1.on('message', (url) => seen.add(url)).unref()
    const hooks = 'let port; export const initialize = (data) => { port = data };' +
      'export async function load(url, context, next) { port.postMessage(url); return next(url, context) }'
    register('data:text/javascript,' + encodeURIComponent(hooks), import.meta.url, { data: port2, transferList: [port2] })
    await import(${JSON.stringify(entry)})
    await new Promise((resolve) => setTimeout(resolve, 100))
    process.stdout.write(JSON.stringify([...seen]))`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=@countersign/source', '--import', loader, '--input-type=module', '-e', program],
    { cwd: fileURLToPath(new URL('..', import.meta.url)), maxBuffer: 1e8 },
  )
  const names = (JSON.parse(stdout) as string[]).map(
    (url) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? '',
  )
  return new Set(names)
}

it('AF1 importing agentAuth alone loads no database of ours', { timeout: 60_000 }, async () => {
  const loaded = await packagesOf('@countersign/server/agent-auth')
  expect(loaded).toContain('jose')
  for (const name of ['@electric-sql/pglite', 'pg', 'drizzle-orm', 'better-auth/adapters']) {
    expect(loaded).not.toContain(name)
  }
})
