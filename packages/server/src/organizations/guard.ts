import type { AuthContext } from '@better-auth/core'
import { createAuthMiddleware } from '@better-auth/core/api'
import { APIError, getSessionFromCtx } from 'better-auth/api'
import { isRoleName } from './options.ts'

type Rows = Pick<AuthContext['adapter'], 'findOne'>
type Input = Readonly<Record<string, unknown>>

/** Who names an invitation here was invited, and need not be a member. */
const forInvited = /\/(accept|reject|get)-invitation$/

/**
 * Stands before every endpoint of organizations: what belongs to an organization is not there for
 * those who are no members of it, whether it exists or not.
 *
 * Code of the same process that calls without a session is trusted.
 */
export const guardOrganizations = createAuthMiddleware(async (ctx) => {
  const body = asInput(ctx.body)
  const inputs = [asInput(ctx.query), body, asInput(body['data'])]
  inputs.forEach(checkInput)
  const named = inputs.flatMap((input) => [...references(input, ctx.path)])
  if (named.length === 0) return
  const session = await getSessionFromCtx(ctx)
  if (!session) {
    if (ctx.request) throw new APIError('UNAUTHORIZED')
    return
  }
  const { adapter } = ctx.context
  const found = await Promise.all(named.map((reference) => organizationBehind(adapter, reference)))
  for (const organizationId of new Set(found)) {
    if (!(await isMember(adapter, session.user.id, organizationId))) throw notFound()
  }
})

interface Reference {
  readonly model: 'organization' | 'team' | 'member' | 'invitation'
  readonly field: 'id' | 'slug'
  readonly value: string
}

function* references(input: Input, path: string): Generator<Reference> {
  for (const value of textsOf(input, 'organizationId')) {
    yield { model: 'organization', field: 'id', value }
  }
  for (const value of textsOf(input, 'organizationSlug')) {
    yield { model: 'organization', field: 'slug', value }
  }
  for (const value of textsOf(input, 'teamId')) yield { model: 'team', field: 'id', value }
  for (const name of ['memberId', 'memberIdOrEmail']) {
    for (const value of textsOf(input, name)) {
      if (!value.includes('@')) yield { model: 'member', field: 'id', value }
    }
  }
  if (forInvited.test(path)) return
  for (const value of textsOf(input, 'invitationId')) {
    yield { model: 'invitation', field: 'id', value }
  }
}

/** The organization something belongs to; undefined when there is no such thing. */
async function organizationBehind(
  adapter: Rows,
  { model, field, value }: Reference,
): Promise<string | undefined> {
  if (model === 'organization' && field === 'id') return value
  const row = await adapter.findOne<{ id: string; organizationId?: string }>({
    model,
    where: [{ field, value }],
  })
  return model === 'organization' ? row?.id : row?.organizationId
}

async function isMember(
  adapter: Rows,
  userId: string,
  organizationId: string | undefined,
): Promise<boolean> {
  if (organizationId === undefined) return false
  const member = await adapter.findOne({
    model: 'member',
    where: [
      { field: 'organizationId', value: organizationId },
      { field: 'userId', value: userId },
    ],
  })
  return member !== null
}

const memberFields: ReadonlySet<unknown> = new Set(['id', 'userId', 'role', 'createdAt'])

/** Refuses what the endpoints would pass on as it is. */
function checkInput(input: Input): void {
  const roles: unknown[] = [input['role'] ?? []].flat()
  if (!roles.every(areRoles)) throw badRequest('role')
  for (const name of ['sortBy', 'filterField']) {
    if (input[name] !== undefined && !memberFields.has(input[name])) throw badRequest(name)
  }
  for (const name of ['limit', 'offset', 'membersLimit']) {
    if (input[name] !== undefined && !isCount(input[name])) throw badRequest(name)
  }
}

/** "admin, owner" is one role to the check of an endpoint, and two to those who ask later. */
function areRoles(value: unknown): boolean {
  return typeof value === 'string' && value.split(',').every(isRoleName)
}

function isCount(value: unknown): boolean {
  const isText = typeof value === 'string' || typeof value === 'number'
  return isText && /^\d{1,5}$/.test(String(value))
}

function asInput(value: unknown): Input {
  return typeof value === 'object' && value !== null ? (value as Input) : {}
}

function textsOf(input: Input, name: string): string[] {
  const values: unknown[] = [Object.hasOwn(input, name) ? input[name] : undefined].flat()
  return values.filter((value) => typeof value === 'string' && value !== '') as string[]
}

function notFound(): APIError {
  return new APIError('NOT_FOUND', {
    code: 'ORGANIZATION_NOT_FOUND',
    message: 'There is no such thing in an organization you belong to.',
  })
}

function badRequest(name: string): APIError {
  return new APIError('BAD_REQUEST', {
    code: 'INVALID_REQUEST',
    message: `\`${name}\` is not valid.`,
  })
}
