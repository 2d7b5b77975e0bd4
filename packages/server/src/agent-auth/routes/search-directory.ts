import { parseWith } from '@countersign/protocol'
import * as z from 'zod'
import type { ProtocolRoute } from '../http.ts'

const MOST = 50

const querySchema = z.object({
  intent: z.string().trim().min(1).max(500),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .transform((limit) => Math.min(limit, MOST))
    .default(10),
})

/** `GET /directory/api/search`: the services that fit an intent (specification, 6.11). */
export const searchDirectory: ProtocolRoute = {
  method: 'GET',
  path: '/directory/api/search',
  async handle({ context, query, now }) {
    const { intent, limit } = parseWith(querySchema, query)
    const found = (await context.directory?.search(intent, limit, now)) ?? []
    const providers = found.map(({ document }) => document)
    return {
      headers: { 'cache-control': 'public, max-age=60' },
      body: { providers, intent, count: providers.length },
    }
  },
}
