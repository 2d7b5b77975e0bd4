import { ProtocolError } from '@countersign/server'
import {
  createApiKeyMiddleware,
  createSessionMiddleware,
  mountAuthRoutes,
} from '@countersign/server/hono'
import { Hono } from 'hono'
import type { Authority } from './auth.ts'
import { Reports } from './reports.ts'

/** The API. Organizations keep reports: programs write them, members read them, owners remove them. */
export function createApp(auth: Authority): Hono {
  const reports = new Reports()
  const app = new Hono()
  mountAuthRoutes(app, auth)

  // Whoever is signed in.
  app.get('/api/me', createSessionMiddleware(auth), (c) => {
    const { user, authMethod } = c.var.auth
    return c.json({ user, authMethod })
  })

  // A member of the organization that is active.
  app.get('/api/reports', createSessionMiddleware(auth, { organization: true }), async (c) => {
    const organization = await c.var.auth.getOrg()
    return c.json({ reports: reports.of(organization) })
  })

  // An owner of it.
  app.delete('/api/reports', createSessionMiddleware(auth, { role: 'owner' }), async (c) => {
    reports.removeAll(await c.var.auth.getOrg())
    return c.body(null, 204)
  })

  // A program with an API key of an organization that names `reports: ['write']`.
  const mayWrite = createApiKeyMiddleware(auth, {
    organization: true,
    permission: { resource: 'reports', action: 'write' },
  })
  app.post('/api/reports', mayWrite, async (c) => {
    const body: unknown = await c.req.json().catch(() => null)
    const report = reports.add(await c.var.auth.getOrg(), body)
    return report ? c.json(report, 201) : c.json({ error: 'invalid_report' }, 400)
  })

  // Without middleware: `authenticate` takes any request, here and in a job, a socket or an agent.
  app.get('/api/whoami', async (c) => {
    const { kind, method } = await auth.authenticate(c.req.raw)
    return c.json({ kind, method })
  })

  app.onError((error, c) => {
    if (error instanceof ProtocolError) {
      return c.json(error.toJSON(), error.status, { ...error.headers })
    }
    console.error(error)
    return c.json({ error: 'internal_error' }, 500)
  })
  return app
}
