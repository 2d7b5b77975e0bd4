import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { startPostgres } from './postgres.mjs'
import { scenarios } from './scenarios.mjs'
import { message, startServer } from './server-process.mjs'
import { agentSides, makeIdentities } from './sides.mjs'

/**
 * What a million agents and ten million grants in the tables cost an execution.
 *
 * The same server and the same 32 busy agents, measured before and after the tables are filled. What
 * the server remembers of an agent is read again every five seconds, so reads are part of it.
 */
const { values: flags } = parseArgs({
  options: {
    agents: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '3' },
  },
})
const execute = scenarios.find(({ name }) => name === 'execute')

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))
const postgres = await startPostgres()
const load = fork(fileURLToPath(new URL('load.mjs', import.meta.url)))
let server
try {
  const connectionString = await postgres.createDatabase('big')
  server = await startServer(agentSides.countersign.script, { connectionString })
  const identities = await makeIdentities(agentSides.countersign, server.origin, 32)
  const target = { port: server.port, origin: server.origin, identities }
  const small = await rounds(target)
  await fill(connectionString, Number(flags.agents))
  const big = await rounds(target)
  print('almost empty', small)
  print(`${flags.agents} agents with ten grants each`, big)
  const slower = big.p50 / small.p50 - 1
  console.log(`median latency: ${(slower * 100).toFixed(0)} % more`)
  if (slower > 0.2) process.exitCode = 1
} finally {
  load.disconnect()
  await server?.stop()
  await postgres.stop()
}

async function rounds(target) {
  const results = []
  for (let round = 0; round <= Number(flags.rounds); round += 1) {
    const seconds = Number(flags.seconds)
    load.send({ type: 'round', target, scenario: execute, count: seconds * 12_000, seconds })
    const result = await message(load, 'result')
    if (result.error) throw new Error(result.error)
    // The first one warms up.
    if (round > 0) results.push(result)
  }
  const median = (figure) => results.map(figure).toSorted((a, b) => a - b)[results.length >> 1]
  return {
    rate: median(({ requests, elapsed }) => requests / elapsed),
    p50: median(({ p50 }) => p50),
    p99: median(({ p99 }) => p99),
  }
}

/** Strangers' rows: as many agents under a hundredth as many hosts, each agent with ten grants. */
async function fill(connectionString, agents) {
  const database = new pg.Client({ connectionString })
  await database.connect()
  const key = `'{"kty":"OKP","crv":"Ed25519","x":"AAAA"}'`
  const started = performance.now()
  await database.query(`
    insert into agent_host (id, thumbprint, public_key, status, default_capabilities)
    select 'hst_f' || n, 'thumbprint-' || n, ${key}, 'active', '[]'
    from generate_series(1, ${Math.ceil(agents / 100)}) n`)
  await database.query(`
    insert into agent (id, name, host_id, mode, status, public_key, registration_key)
    select 'agt_f' || n, 'filler', 'hst_f' || (1 + n / 100), 'delegated', 'active', ${key}, 'key-' || n
    from generate_series(0, ${agents - 1}) n`)
  await database.query(`
    insert into agent_grant (id, agent_id, capability, status)
    select 'grt_f' || n, 'agt_f' || (n / 10), 'ping', 'active'
    from generate_series(0, ${agents * 10 - 1}::bigint) n`)
  // What filling leaves behind is none of the server's business.
  await database.query('vacuum analyze')
  await database.query('checkpoint')
  await database.end()
  console.log(`filled in ${((performance.now() - started) / 1000).toFixed(0)} s`)
}

function print(title, { rate, p50, p99 }) {
  console.log(
    `${title}: ${rate.toFixed(0)} requests/s, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
  )
}
