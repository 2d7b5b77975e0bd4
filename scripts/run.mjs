import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The repository's folder. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** The command that runs a JavaScript tool from node_modules, without a shell and without npx. */
export function tool(path, ...args) {
  return [
    process.execPath,
    fileURLToPath(new URL(`../node_modules/${path}`, import.meta.url)),
    ...args,
  ]
}

/** Runs a command in this terminal and resolves to its exit code. */
export async function run([command, ...args], options = {}) {
  const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options })
  // Ctrl-C reaches the child directly; we stay to pass its exit code on.
  const ignore = () => {}
  const forward = (signal) => child.kill(signal)
  process.on('SIGINT', ignore).on('SIGTERM', forward)
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => resolve(code ?? 1))
    })
  } finally {
    process.off('SIGINT', ignore).off('SIGTERM', forward)
  }
}

/** Runs a command in silence and resolves to its exit code and everything it wrote. */
export async function capture([command, ...args], options = {}) {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  }
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode) => resolve(exitCode ?? 1))
  })
  return { code, output }
}
