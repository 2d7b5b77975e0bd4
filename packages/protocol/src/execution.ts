import * as z from 'zod'
import { executeRequestSchema } from './capability.ts'
import { idSchema } from './fields.ts'

/** Query of `GET /capability/job`, the `status_url` of Agent Auth section 5.11. */
export const jobQuerySchema = z.object({ id: idSchema })

/** Body of `POST /capability/batch-execute`. An item without an id is called by its position. */
export const batchExecuteRequestSchema = z.object({
  requests: z
    .array(executeRequestSchema.extend({ id: idSchema.optional() }))
    .min(1)
    .transform((requests) => requests.map((one, index) => ({ ...one, id: one.id ?? `${index}` })))
    .refine(
      (requests) => new Set(requests.map(({ id }) => id)).size === requests.length,
      'an id is used twice',
    ),
})

/** Body of `POST /capability/batch-execute`. */
export type BatchExecuteRequest = z.infer<typeof batchExecuteRequestSchema>
