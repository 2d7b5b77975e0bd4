import { ProtocolError } from '@countersign/protocol'
import * as z from 'zod'
import { personRoute } from '../person.ts'

/** `POST /directory/submit`: a signed-in person brings a service into the directory (6.11). */
export const submitProvider = personRoute({
  method: 'POST',
  path: '/directory/submit',
  input: z.object({ issuer: z.string().max(2048) }),
  async handle({ context, person, input, now }) {
    if (!context.directory) {
      throw new ProtocolError('unauthorized', { message: 'This server is no directory.' })
    }
    const submitted = await context.directory.submit(input.issuer, person.userId, new Date(now))
    const { issuer, name, description, status } = submitted
    return { issuer, name, description, status }
  },
})
