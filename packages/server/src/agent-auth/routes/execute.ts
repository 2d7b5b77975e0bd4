import { executeRequestSchema, parseWith } from '@countersign/protocol'
import { requireAgent } from '../authenticate-agent.ts'
import { pendingReply } from '../execution/pending.ts'
import { runCapability } from '../execution/run.ts'
import type { ProtocolRoute } from '../http.ts'
import { countExecution } from '../limits/count-execution.ts'

/** `POST /capability/execute`: runs one granted capability for the calling agent (specification, 5.11). */
export const execute: ProtocolRoute = {
  method: 'POST',
  path: '/capability/execute',
  async handle(request) {
    const { context, now, signal } = request
    const { capability: name, arguments: args } = parseWith(executeRequestSchema, request.body)
    const caller = await requireAgent(request, context.defaultLocation)
    countExecution(context, caller, name)
    const executed = await runCapability(context, { caller, name, args, now, signal })
    switch (executed.mode) {
      case 'sync':
        return { body: { data: executed.data } }
      case 'async':
        return { ...pendingReply(context, executed.job, now), status: 202 }
      case 'stream':
        return {
          headers: { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' },
          body: executed.stream,
        }
    }
  },
}
