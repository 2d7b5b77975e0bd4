import * as z from 'zod'
import type { AgentEvent } from '../domain/event.ts'
import { personRoute } from '../person.ts'

const HEARTBEAT = 15_000

/**
 * `GET /agent/live`: a stream of server-sent events, one whenever something of this person changes.
 *
 * It says which agent and nothing more; the page asks again for what it shows.
 */
export const live = personRoute({
  method: 'GET',
  path: '/agent/live',
  input: z.object({}).optional(),
  async handle({ context, person, request }) {
    const encoder = new TextEncoder()
    let stop = () => {}
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        const send = (text: string) => controller.enqueue(encoder.encode(text))
        const concerns = (event: AgentEvent) => event.userId === person.userId
        const stopListening = context.events.listen((event) => {
          if (!concerns(event)) return
          send(`event: changed\ndata: ${JSON.stringify({ agent_id: event.agentId ?? null })}\n\n`)
        })
        const heartbeat = setInterval(() => send(': still here\n\n'), HEARTBEAT)
        stop = () => {
          stopListening()
          clearInterval(heartbeat)
        }
        send('retry: 2000\n\n')
      },
      cancel: () => stop(),
    })
    request?.signal.addEventListener('abort', () => stop())
    return new Response(stream, {
      headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
    })
  },
})
