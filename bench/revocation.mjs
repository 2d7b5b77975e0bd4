import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { privateKeyOf, signJwt } from './jwt.mjs'
import { startPostgres } from './postgres.mjs'
import { scenarios } from './scenarios.mjs'
import { message, startServer } from './server-process.mjs'
import { makeIdentities, registerUnder, sides } from './sides.mjs'

/**
 * How long a revocation made on one process takes to stop executions on another, under load.
 *
 * Both processes share one PostgreSQL, and the second serves 32 busy connections. Each trial
 * executes there once, so that the agent is remembered, revokes it on the first, and counts from the
 * moment that answers until the last execution that began later and still succeeded was over.
 */
const { values: flags } = parseArgs({ options: { trials: { type: 'string', default: '300' } } })
const trials = Number(flags.trials)
const path = '/api/auth/capability/execute'
const busy = scenarios.find(({ name }) => name === 'execute')

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))
const postgres = await startPostgres()
const load = fork(fileURLToPath(new URL('load.mjs', import.meta.url)))
const servers = []
try {
  const connectionString = await postgres.createDatabase('revocation')
  const settings = { connectionString, secret: randomBytes(32).toString('base64url') }
  const first = await startServer(sides.countersign.script, settings)
  servers.push(first)
  // One issuer: the second process answers for the first one's address.
  const second = await startServer(sides.countersign.script, { ...settings, origin: first.origin })
  servers.push(second)
  const identities = await makeIdentities(sides.countersign, first.origin, 32)
  const agents = await makeAgents(first.origin, identities[0], trials)
  keepBusy({ ...second, origin: first.origin, identities })
  const late = []
  for (const agent of agents) late.push(await trial(agent, { first, second }))
  print(late.toSorted((a, b) => a - b))
} finally {
  load.disconnect()
  for (const server of servers) await server.stop()
  await postgres.stop()
}

async function makeAgents(origin, host, count) {
  const agents = []
  for (let index = 0; index < count; index += 1) agents.push(await registerUnder(origin, host))
  return agents
}

/** The load goes on, round after round, until this process disconnects from it. */
function keepBusy({ port, origin, identities }) {
  const target = { port, origin, identities }
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

/** Milliseconds from the answer of the revocation to the end of the last execution that succeeded. */
async function trial(agent, { first, second }) {
  if (!(await execute(agent, { first, second }))) throw new Error('the agent cannot execute')
  const { hostKey, issuer, agentId } = agent
  const token = signJwt(
    'host+jwt',
    { iss: issuer, aud: first.origin },
    privateKeyOf(hostKey.secret),
  )
  const revoked = await post(`${first.origin}/api/auth/agent/revoke`, token, { agent_id: agentId })
  if (revoked.status !== 200) throw new Error(`revoke: ${revoked.status}`)
  const answered = performance.now()
  let late = 0
  for (;;) {
    if (!(await execute(agent, { first, second }))) return late
    late = performance.now() - answered
  }
}

async function execute({ agentKey, issuer, agentId }, { first, second }) {
  const claims = { iss: issuer, sub: agentId, aud: `${first.origin}${path}` }
  const token = signJwt('agent+jwt', claims, privateKeyOf(agentKey.secret))
  const { status } = await post(`http://127.0.0.1:${second.port}${path}`, token, busy.body)
  return status === 200
}

async function post(url, token, body) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  })
  await response.arrayBuffer()
  return response
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
