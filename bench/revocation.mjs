import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { privateKeyOf, signJwt } from './jwt.mjs'
import { startPostgres } from './postgres.mjs'
import { scenarios } from './scenarios.mjs'
import { message, startServer } from './server-process.mjs'
import { agentSides, appSides, makeIdentities, registerUnder } from './sides.mjs'

/**
 * How long a revocation made on one process takes to count on another, under load: of an agent, a
 * session (signing out), or an API key (switching it off).
 *
 * Both processes share one PostgreSQL, and the second serves 32 busy connections. Each trial uses
 * the credential there once, so that it is remembered, revokes it on the first, and counts from the
 * moment that answers until the last use that began later and still succeeded was over.
 */
const { values: flags } = parseArgs({
  options: {
    of: { type: 'string', default: 'agent' },
    trials: { type: 'string', default: '300' },
  },
})
const trials = Number(flags.trials)
const executePath = '/api/auth/capability/execute'

const kinds = {
  agent: {
    side: agentSides.countersign,
    scenario: 'execute',
    make: (origin, { identities }) => registerUnder(origin, identities[0]),
    use: ({ agentKey, issuer, agentId }, { first, second }) => {
      const claims = { iss: issuer, sub: agentId, aud: `${first.origin}${executePath}` }
      const token = signJwt('agent+jwt', claims, privateKeyOf(agentKey.secret))
      return send(second, executePath, { ...bearer(token), body: busy.body })
    },
    revoke: ({ hostKey, issuer, agentId }, first) => {
      const claims = { iss: issuer, aud: first.origin }
      const token = signJwt('host+jwt', claims, privateKeyOf(hostKey.secret))
      return send(first, '/api/auth/agent/revoke', {
        ...bearer(token),
        body: { agent_id: agentId },
      })
    },
  },
  session: {
    side: appSides.countersign,
    scenario: 'session',
    make: signUpAnother,
    use: ({ cookie }, { second }) => send(second, '/check-key', { headers: { cookie } }),
    revoke: ({ cookie }, first) => {
      const headers = { cookie, origin: first.origin }
      return send(first, '/api/auth/sign-out', { headers, body: {} })
    },
  },
  key: {
    side: appSides.countersign,
    scenario: 'key',
    make: signUpAnother,
    use: ({ key }, { second }) =>
      send(second, '/check-key', { headers: { [appSides.countersign.keyHeader]: key } }),
    revoke: ({ cookie, keyId }, first) => {
      const headers = { cookie, origin: first.origin }
      const body = { keyId, enabled: false }
      return send(first, '/api/auth/api-key/update', { headers, body })
    },
  },
}
const kind = kinds[flags.of]
if (!kind) throw new Error(`--of takes ${Object.keys(kinds).join(', ')}`)
const busy = scenarios.find(({ name }) => name === kind.scenario)

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))
const postgres = await startPostgres()
const load = fork(fileURLToPath(new URL('load.mjs', import.meta.url)))
const servers = []
try {
  const connectionString = await postgres.createDatabase('revocation')
  const settings = { connectionString, secret: randomBytes(32).toString('base64url') }
  const first = await startServer(kind.side.script, settings)
  servers.push(first)
  // One issuer: the second process answers for the first one's address.
  const second = await startServer(kind.side.script, { ...settings, origin: first.origin })
  servers.push(second)
  const identities = await makeIdentities(kind.side, first.origin, 32)
  const subjects = []
  for (let index = 0; index < trials; index += 1) {
    subjects.push(await kind.make(first.origin, { identities, index }))
  }
  keepBusy({ ...second, origin: first.origin, identities, keyHeader: kind.side.keyHeader })
  const late = []
  for (const subject of subjects) late.push(await trial(subject, { first, second }))
  print(late.toSorted((a, b) => a - b))
} finally {
  load.disconnect()
  for (const server of servers) await server.stop()
  await postgres.stop()
}

function signUpAnother(origin, { identities, index }) {
  return appSides.countersign.makeIdentity(origin, identities.length + index)
}

/** The load goes on, round after round, until this process disconnects from it. */
function keepBusy({ port, origin, identities, keyHeader }) {
  const target = { port, origin, identities, keyHeader }
  const round = () => {
    if (!load.connected) return
    load.send({ type: 'round', target, scenario: busy, count: 20_000, seconds: 3 })
    message(load, 'result').then(
      ({ error }) => {
        if (error) throw new Error(error)
        round()
      },
      () => {},
    )
  }
  round()
}

/** Milliseconds from the answer of the revocation to the end of the last use that succeeded. */
async function trial(subject, { first, second }) {
  const use = async () => (await kind.use(subject, { first, second })) === 200
  if (!(await use())) throw new Error('the credential does not work')
  const status = await kind.revoke(subject, first)
  if (status !== 200) throw new Error(`revoke: ${status}`)
  const answered = performance.now()
  let late = 0
  for (;;) {
    if (!(await use())) return late
    late = performance.now() - answered
  }
}

function bearer(token) {
  return { headers: { authorization: `Bearer ${token}` } }
}

/** The status of one request. */
async function send({ port }, path, { headers, body }) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { ...(body && { 'content-type': 'application/json' }), ...headers },
    ...(body && { body: JSON.stringify(body) }),
  })
  await response.arrayBuffer()
  return response.status
}

function print(late) {
  const at = (share) => late[Math.min(late.length - 1, Math.floor(late.length * share))].toFixed(1)
  const none = late.filter((milliseconds) => milliseconds === 0).length
  console.log(
    `${late.length} revocations, ${none} effective at once; ` +
      `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`,
  )
  if (Number(at(0.99)) > 100) process.exitCode = 1
}
