import { ProtocolError } from '@countersign/protocol'
import { reactivate, register, requestCapability, revoke, status } from './agent-routes.ts'
import { describeCapability, execute, job, list } from './capability-routes.ts'
import { discoveryDocument } from './documents.ts'
import type { Answer, ForeignState, SeenRequest } from './state.ts'

type Route = (state: ForeignState, request: SeenRequest) => Promise<Answer>

const routes = new Map<string, Route>([
  ['/.well-known/agent-configuration', async (state) => ({ body: discoveryDocument(state) })],
  ['/api/register', register],
  ['/api/request', requestCapability],
  ['/api/status', status],
  ['/api/reactivate', reactivate],
  ['/api/revoke', revoke],
  ['/api/list', list],
  ['/api/describe', describeCapability],
  ['/api/execute', execute],
  ['/elsewhere/execute', execute],
])

/** Answers a request as the specification says. */
export async function answerHonestly(state: ForeignState, request: SeenRequest): Promise<Answer> {
  const isJob = request.path.startsWith('/api/jobs/')
  const route = isJob ? job : routes.get(request.path)
  if (!route) return { status: 404, body: 'Not here.' }
  try {
    return await route(state, request)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    return { status: error.status, body: error.toJSON() }
  }
}
