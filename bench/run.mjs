import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { startPostgres } from './postgres.mjs'
import { printTable, problems, summarise } from './report.mjs'
import { scenarios } from './scenarios.mjs'
import { message, startServer } from './server-process.mjs'
import { agentSides, appSides, makeIdentities, providerSides } from './sides.mjs'

const { values: flags } = parseArgs({
  options: {
    /** Ends with 1 when a target is missed. */
    check: { type: 'boolean', default: false },
    pairs: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '4' },
    connections: { type: 'string', default: '32' },
    /** `agents`, `app` for sessions, API keys and JWTs, or `provider` for OAuth. */
    suite: { type: 'string', default: 'agents' },
    /** Names of scenarios, separated by commas. */
    only: { type: 'string' },
    /** Names of sides, separated by commas, to look at some closely. */
    side: { type: 'string' },
    /** A folder for CPU profiles of the servers. */
    profile: { type: 'string' },
  },
})

const sides = { agents: agentSides, app: appSides, provider: providerSides }[flags.suite]
const chosen = scenarios
  .filter(({ suite = 'agents' }) => suite === flags.suite)
  .filter(({ name }) => flags.only?.split(',').includes(name) ?? true)
const chosenSides = Object.keys(sides).filter(
  (name) => flags.side?.split(',').includes(name) ?? true,
)
const seconds = Number(flags.seconds)

// Leaving through `exit` takes PostgreSQL and its folder along.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))

const postgres = await startPostgres()
const load = fork(fileURLToPath(new URL('load.mjs', import.meta.url)))
const targets = new Map()
try {
  for (const name of chosenSides) targets.set(name, await start(name))
  const results = []
  for (const scenario of chosen) results.push(await measure(scenario))
  await report(results)
} finally {
  load.disconnect()
  for (const { server, database } of targets.values()) {
    await database.end()
    await server.stop()
  }
  await postgres.stop()
}

async function start(name) {
  const introspectionSecret = randomBytes(32).toString('base64url')
  const connectionString = await postgres.createDatabase(name)
  const server = await startServer(sides[name].script, {
    connectionString,
    introspectionSecret,
    profile: flags.profile,
  })
  const identities = await makeIdentities(sides[name], server.origin, Number(flags.connections))
  const database = new pg.Client({ connectionString })
  await database.connect()
  const { port, origin } = server
  return {
    server,
    database,
    load: { port, origin, identities, introspectionSecret, keyHeader: sides[name].keyHeader },
  }
}

/** Alternates between the sides, so that both meet the same weather. */
async function measure(scenario) {
  const names = chosenSides.filter((name) => sides[name].scenarios?.includes(scenario.name) ?? true)
  const rates = new Map()
  for (const name of names) rates.set(name, await warmUp(name, scenario))
  const rounds = []
  for (let pair = 0; pair < Number(flags.pairs); pair += 1) {
    const round = {}
    for (const name of pair % 2 === 0 ? names : names.toReversed()) {
      round[name] = await timed(name, scenario, rates)
    }
    rounds.push(round)
    process.stderr.write(`${scenario.name} ${pair + 1}/${flags.pairs}\r`)
  }
  const statements = {}
  for (const name of names) {
    statements[name] = {
      alone: await countStatements(name, scenario, 1),
      loaded: await countStatements(name, scenario, Number(flags.connections)),
    }
  }
  return summarise(scenario, rounds, statements)
}

/** Rounds whose throughput tells how many requests to sign for the timed ones. */
async function warmUp(name, scenario) {
  let rate = 400
  for (const length of [0.5, 1, 1]) {
    const { requests, elapsed } = await run(name, scenario, {
      count: Math.ceil(rate * length * 8),
      seconds: length,
    })
    rate = requests / elapsed
  }
  return rate
}

async function timed(name, scenario, rates) {
  for (;;) {
    const count = Math.ceil(rates.get(name) * seconds * 1.5)
    const result = await run(name, scenario, { count, seconds })
    rates.set(name, Math.max(rates.get(name) * 0.8, result.requests / result.elapsed))
    if (result.lasting) return result
    rates.set(name, rates.get(name) * 2)
  }
}

async function run(name, scenario, { count, seconds: length, connections, onSeeded }) {
  const { server, database, load: all } = targets.get(name)
  const target = { ...all, name, identities: all.identities.slice(0, connections) }
  if (scenario.seed) {
    const seeds = await fetch(`${all.origin}/seed?kind=${scenario.seed}&count=${count + 64}`)
    if (!seeds.ok) throw new Error(`${name}: ${await seeds.text()}`)
    target.seeds = await seeds.json()
  }
  // What the last round registered goes, so that every round meets the same amount of data.
  if (flags.suite === 'agents' && !sides[name].scenarios)
    await database.query(`delete from agent where name = 'fresh'`)
  await onSeeded?.()
  const before = await server.cpu()
  load.send({ type: 'round', target, scenario, count, seconds: length })
  const result = await message(load, 'result')
  if (result.error) throw new Error(`${name}: ${result.error}`)
  return { ...result, cpu: (await server.cpu()) - before }
}

/**
 * How many statements PostgreSQL runs per request, and which.
 *
 * Requests that arrive together may share statements, so one that is alone is counted as well.
 */
async function countStatements(name, scenario, connections) {
  const { admin } = postgres
  await track('top')
  const count = connections * 10 + 50
  // What the seeds took is not the requests'.
  const onSeeded = () => admin.query('select pg_stat_statements_reset()')
  const result = await run(name, scenario, { count, seconds: 60, connections, onSeeded })
  const { rows } = await admin.query(
    `select query, calls from pg_stat_statements join pg_database d on d.oid = dbid
     where d.datname = $1 and query !~ '^delete from agent where name'
     order by calls desc`,
    [name],
  )
  await track('none')
  return {
    perRequest: rows.reduce((sum, { calls }) => sum + Number(calls), 0) / result.requests,
    statements: rows.map(({ query, calls }) => ({
      query: query.replaceAll(/\s+/g, ' '),
      perRequest: Number(calls) / result.requests,
    })),
  }
}

async function track(what) {
  await postgres.admin.query(`alter system set pg_stat_statements.track = '${what}'`)
  await postgres.admin.query('select pg_reload_conf()')
  // Every connection reads the new value before its next statement.
  await new Promise((resolve) => setTimeout(resolve, 300))
}

async function report(results) {
  const folder = new URL('results/', import.meta.url)
  await mkdir(folder, { recursive: true })
  const file = new URL(`${new Date().toISOString().replaceAll(/[:.]/g, '-')}.json`, folder)
  const { pairs, connections } = flags
  const setting = { node: process.version, connections, pairs, seconds: flags.seconds }
  await writeFile(file, `${JSON.stringify({ setting, results }, null, 2)}\n`)
  printTable(results, chosenSides)
  console.log(`\nEverything: ${fileURLToPath(file)}`)
  const missed = problems(results)
  for (const problem of missed) console.log(`Missed: ${problem}`)
  if (flags.check && missed.length > 0) process.exitCode = 1
}
