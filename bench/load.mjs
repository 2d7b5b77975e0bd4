import { connect } from 'node:net'
import { newKey, privateKeyOf, signJwt } from './jwt.mjs'

/**
 * The load: a process of its own that answers `round` with what a round of requests took.
 *
 * Requests are signed and serialised before time is taken, and written to raw sockets, so that the
 * server is what is measured. Every connection is another host with another agent.
 */
process.on('message', (message) => {
  if (message.type !== 'round') return
  round(message).then(
    (result) => process.send({ type: 'result', ...result }),
    (error) => process.send({ type: 'result', error: error.message }),
  )
})
process.on('disconnect', () => process.exit(0))

async function round({ target, scenario, count, seconds }) {
  const queues = target.identities.map((identity) => {
    const prepared = prepare(target, scenario, identity)
    return Array.from({ length: Math.ceil(count / target.identities.length) }, prepared)
  })
  const sockets = await Promise.all(queues.map(() => open(target.port)))
  const started = performance.now()
  const deadline = started + seconds * 1000
  const latencies = []
  let failed
  const ends = await Promise.all(
    sockets.map((socket, index) =>
      drain(socket, queues[index], deadline, (milliseconds, response) => {
        latencies.push(milliseconds)
        if (response.status !== 200 || !response.body.includes(scenario.expect)) failed ??= response
      }),
    ),
  )
  for (const socket of sockets) socket.destroy()
  if (failed) throw new Error(`${scenario.name}: ${failed.status} ${failed.body}`)
  latencies.sort((a, b) => a - b)
  const at = (share) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))]
  const elapsed = (Math.max(...ends) - started) / 1000
  // A connection that ran out of requests would leave the server less than the full load.
  const lasting = Math.min(...ends) >= deadline || seconds === 0
  return { requests: latencies.length, elapsed, p50: at(0.5), p99: at(0.99), lasting }
}

/** A function that makes one request of a scenario, signed anew each time. */
function prepare(target, scenario, identity) {
  const { path, body } = scenario
  const fixed = {
    session: { cookie: identity.cookie },
    key: { [target.keyHeader]: identity.key },
    bearer: { authorization: `Bearer ${identity.jwt}` },
  }[scenario.kind]
  if (fixed) return () => request(target, { path, headers: fixed })
  if (scenario.kind === 'document') {
    return () => request(target, { path: path[target.name], headers: {} })
  }
  if (scenario.kind === 'form') return form(target, scenario, identity)
  const agentKey = privateKeyOf(identity.agentKey.secret)
  const hostKey = privateKeyOf(identity.hostKey.secret)
  const agentToken = (audience) =>
    signJwt('agent+jwt', { iss: identity.issuer, sub: identity.agentId, aud: audience }, agentKey)
  const hostToken = () => {
    const keys = {
      host_public_key: identity.hostKey.publicJwk,
      agent_public_key: newKey().publicJwk,
    }
    return signJwt('host+jwt', { iss: identity.issuer, aud: target.origin, ...keys }, hostKey)
  }
  const forms = {
    execute: () => request(target, { path, body, token: agentToken(`${target.origin}${path}`) }),
    list: () => request(target, { path, token: agentToken(target.origin) }),
    register: () => request(target, { path, body, token: hostToken() }),
    introspect: () =>
      request(target, {
        path,
        body: { token: agentToken(`${target.origin}/api/auth/capability/execute`) },
        token: target.introspectionSecret,
      }),
  }
  return forms[scenario.kind]
}

/** Requests of a form, each with the next of what was made for the round, if it needs something. */
function form(target, { path, form: fields }, { authorization }) {
  return () => {
    target.used = (target.used ?? 0) + 1
    const { seeds = [''], used } = target
    const body = fields.replace('SEED', seeds[used % seeds.length])
    const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded' }
    return request(target, { path: path[target.name], headers, text: body })
  }
}

function request(
  { port },
  {
    path,
    body,
    token,
    headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    text = body === undefined ? '' : JSON.stringify(body),
  },
) {
  const head = [
    `${text === '' ? 'GET' : 'POST'} ${path} HTTP/1.1`,
    `host: 127.0.0.1:${port}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(text === '' ? [] : [`content-length: ${Buffer.byteLength(text)}`]),
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${text}`)
}

function open(port) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    socket.once('connect', () => resolve(socket)).once('error', reject)
  })
}

/** Sends one request after the other until the deadline, and resolves to when the last ended. */
function drain(socket, queue, deadline, onResponse) {
  return new Promise((resolve, reject) => {
    let received = ''
    let next = 0
    let sent = 0
    const send = () => {
      sent = performance.now()
      if (next === queue.length || sent >= deadline) return resolve(sent)
      socket.write(queue[next])
      next += 1
    }
    socket.setEncoding('latin1').on('data', (text) => {
      received += text
      const response = readResponse(received)
      if (!response) return
      received = ''
      onResponse(performance.now() - sent, response)
      send()
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('The server closed a connection.')))
    send()
  })
}

/** The whole response, or `undefined` while some of it is missing. */
function readResponse(text) {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const body = text.slice(end + 4)
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, end + 2))?.[1]
  const complete = length === undefined ? body.endsWith('0\r\n\r\n') : body.length >= Number(length)
  return complete ? { status: Number(text.slice(9, 12)), body } : undefined
}
