import { withAuth } from '@countersign/server/next'
import { auth } from '../../../auth.ts'

/** Whoever is signed in, by cookie or token; 401 for everybody else. */
export const GET = (request: Request, context: object) =>
  withAuth(auth(), { methods: ['session', 'bearer'] }, (_request, { auth: { user, authMethod } }) =>
    Response.json({ user, authMethod }),
  )(request, context)
