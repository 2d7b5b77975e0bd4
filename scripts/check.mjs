import { join } from 'node:path'
import { capture, root, tool } from './run.mjs'
import { setup } from './setup.mjs'

const publicPackages = ['protocol', 'server', 'agent', 'resource', 'client', 'react', 'cli']
const publint = tool('publint/src/cli.js', '--strict')
const attw = tool(
  '@arethetypeswrong/cli/dist/index.js',
  '--pack',
  '.',
  '--profile',
  'esm-only',
  '--quiet',
)

/** Everything below reads what these emit. */
const types = [
  step('types: packages and server', tool('typescript/bin/tsc', '-b')),
  step('types: tests', tool('typescript/bin/tsc', '-p', 'tsconfig.test.json')),
  step(
    'types: console',
    tool('typescript/bin/tsc', '--noEmit', '-p', 'apps/console/tsconfig.json'),
  ),
]

const rest = [
  step('lint', tool('oxlint/bin/oxlint', '--type-aware', '--quiet')),
  step('format', tool('oxfmt/bin/oxfmt', '--check', '.')),
  step('unused code and dependencies', tool('knip/bin/knip.js')),
  ...publicPackages.flatMap((name) => [
    step(`exports: ${name}`, publint, `packages/${name}`),
    step(`types as published: ${name}`, attw, `packages/${name}`),
  ]),
  step('bundle size', tool('size-limit/bin.js')),
]

await setup()
const failures = [...(await runAll(types, 1)), ...(await runAll(rest, 2))]
for (const { title, output } of failures) console.log(`\n--- ${title}\n${output.trim()}`)
console.log(failures.length === 0 ? '\nAll checks passed.' : `\n${failures.length} checks failed.`)
process.exitCode = failures.length === 0 ? 0 : 1

function step(title, command, folder = '.') {
  return { title, command, folder }
}

/** Runs steps, `width` at a time, and returns those that failed. */
async function runAll(steps, width) {
  const waiting = [...steps]
  const failed = []
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const result = await runStep(next)
      if (result.code !== 0) failed.push({ title: next.title, output: result.output })
    }
  }
  await Promise.all(Array.from({ length: width }, work))
  return failed
}

async function runStep({ title, command, folder }) {
  const start = performance.now()
  const result = await capture(command, { cwd: join(root, folder) })
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(`${result.code === 0 ? 'ok    ' : 'FAILED'}  ${title}  ${seconds} s`)
  return result
}
