import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { ProtocolError } from '@countersign/protocol'
import { agentOf, anybody } from './callers.ts'
import { holds } from './grants.ts'
import { type Answer, capabilities, type ForeignState, type SeenRequest } from './state.ts'

/** Two capabilities a page, those whose name contains the query. */
export async function list(state: ForeignState, request: SeenRequest): Promise<Answer> {
  const agent = await anybody(state, request)
  const query = request.query.get('query') ?? ''
  const names = Object.keys(capabilities).filter((name) => name.includes(query))
  const start = Number(request.query.get('cursor') ?? 0)
  const page = names.slice(start, start + 2).map((name) => ({
    name,
    description: capabilities[name]?.['description'],
    ...(agent && { grant_status: holds(agent, name) ? 'granted' : 'not_granted' }),
  }))
  const more = start + 2 < names.length
  return {
    body: { capabilities: page, has_more: more, next_cursor: more ? String(start + 2) : null },
  }
}

/** One capability, with its own location if it has one. */
export async function describeCapability(
  state: ForeignState,
  request: SeenRequest,
): Promise<Answer> {
  await anybody(state, request)
  const name = request.query.get('name') ?? ''
  const capability = capabilities[name]
  if (!capability) throw new ProtocolError('capability_not_found')
  const location = state.locations.get(name)
  return { body: { ...capability, ...(location && { location }) } }
}

/** Answers with the arguments and who sent them; `slow_report` with a job. */
export async function execute(state: ForeignState, request: SeenRequest): Promise<Answer> {
  const name = String(request.body['capability'])
  const home = state.discovery.default_location ?? `${state.url}/api/execute`
  const agent = await agentOf(state, request, state.locations.get(name) ?? home)
  if (!capabilities[name]) throw new ProtocolError('capability_not_found')
  if (!holds(agent, name)) throw new ProtocolError('capability_not_granted')
  const args = request.body['arguments']
  if (name !== 'slow_report') {
    // Answers to a batch come in any order.
    await delay(Math.random() * 10)
    return { body: { data: { echo: args, agent: agent.id } } }
  }
  const id = randomUUID()
  state.jobs.set(id, { agent: agent.id, left: state.jobPolls, args })
  return { status: 202, body: { status: 'pending', status_url: `${state.url}/api/jobs/${id}` } }
}

/** Where a job stands, for the agent that started it. */
export async function job(state: ForeignState, request: SeenRequest): Promise<Answer> {
  const agent = await agentOf(state, request)
  const found = state.jobs.get(request.path.slice('/api/jobs/'.length))
  if (!found || found.agent !== agent.id) throw new ProtocolError('unauthorized')
  found.left -= 1
  const status_url = `${state.url}${request.path}`
  if (found.left >= 0) return { body: { status: 'pending', status_url } }
  return { body: { status: 'completed', result: { echo: found.args, agent: agent.id } } }
}
