import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { freePort } from './postgres.mjs'

/** Starts one of the servers as a process of its own and waits until it listens. */
export async function startServer(script, settings) {
  const { connectionString, profile, introspectionSecret } = settings
  const port = await freePort()
  const { origin = `http://127.0.0.1:${port}` } = settings
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), {
    execArgv: profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [],
    // Nothing else of our environment: both start from the same.
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      DATABASE_URL: connectionString,
      PORT: String(port),
      BASE_URL: origin,
      SECRET: settings.secret ?? randomBytes(32).toString('base64url'),
      INTROSPECTION_SECRET: introspectionSecret ?? randomBytes(32).toString('base64url'),
    },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  await message(child, 'listening')
  return {
    port,
    origin,
    /** Processor time used so far, in microseconds. */
    async cpu() {
      child.send('cpu')
      return (await message(child, 'cpu')).microseconds
    },
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.disconnect()
      await ended
    },
  }
}

/** The next message of a type; rejects when the process ends before it. */
export function message(child, type) {
  return new Promise((resolve, reject) => {
    const done = () => child.off('message', onMessage).off('exit', onExit)
    const onMessage = (received) => {
      if (received.type !== type) return
      done()
      resolve(received)
    }
    const onExit = (code) => {
      done()
      reject(new Error(`A process ended with code ${code} while "${type}" was awaited.`))
    }
    child.on('message', onMessage).on('exit', onExit)
  })
}
