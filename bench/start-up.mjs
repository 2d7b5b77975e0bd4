import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from './postgres.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const directory = await mkdtemp(join(tmpdir(), 'countersign-start-'))
try {
  const first = await start()
  const times = []
  for (let run = 0; run < 5; run += 1) times.push(await start())
  times.sort((a, b) => a - b)
  console.log(`npm start to /health, embedded database: ${first.toFixed(2)} s on an empty folder,`)
  console.log(
    `with data ${times[2].toFixed(2)} s (${times.at(0).toFixed(2)} to ${times.at(-1).toFixed(2)})`,
  )
} finally {
  await rm(directory, { recursive: true, force: true })
}

/** Seconds from `npm start` to the first healthy answer. */
async function start() {
  const port = await freePort()
  const { PATH, HOME, LANG, TMPDIR } = process.env
  const started = performance.now()
  const child = spawn('npm', ['start'], {
    cwd: root,
    // A group of its own, so that the signal reaches the server behind npm.
    detached: true,
    stdio: 'ignore',
    env: {
      PATH,
      HOME,
      LANG,
      TMPDIR,
      PORT: String(port),
      COUNTERSIGN_DATA_DIR: join(directory, 'data'),
    },
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const { pid = 0 } = child
  const stop = () => process.kill(-pid, 'SIGTERM')
  if (pid === 0) throw new Error('npm does not start.')
  process.once('exit', stop)
  while (!(await isHealthy(port))) {
    if (child.exitCode !== null) throw new Error(`npm start ended with code ${child.exitCode}.`)
    await delay(10)
  }
  const seconds = (performance.now() - started) / 1000
  process.off('exit', stop)
  stop()
  await ended
  return seconds
}

function isHealthy(port) {
  return fetch(`http://localhost:${port}/health`).then(
    ({ ok }) => ok,
    () => false,
  )
}
