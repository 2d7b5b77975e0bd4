import { introspectRequestSchema, parseWith } from '@countersign/protocol'
import type { ProtocolRoute } from '../http.ts'
import { answerIntrospection } from '../introspection/answer.ts'
import { requireSecret } from '../introspection/credential.ts'

/**
 * `POST /agent/introspect`: tells a resource server what an agent JWT is worth now (specification, 5.12),
 * and where it asks for that, decides on one execution or hands out the agent's key.
 */
export const introspect: ProtocolRoute = {
  method: 'POST',
  path: '/agent/introspect',
  async handle(request) {
    await requireSecret(request)
    const asked = parseWith(introspectRequestSchema, request.body)
    return { body: await answerIntrospection(request.context, asked, request.now) }
  },
}
