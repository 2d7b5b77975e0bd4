import { ProtocolError } from '@countersign/protocol'

/** What the database refuses because two callers came together: by constraint, what they are told. */
const refusals: Readonly<Record<string, () => ProtocolError>> = {
  member_last_owner: () =>
    new ProtocolError('unauthorized', { message: 'The organization needs an owner.' }),
  member_organization_user: () =>
    new ProtocolError('invalid_request', { message: 'The person is a member already.' }),
  organization_slug_unique: () =>
    new ProtocolError('invalid_request', { message: 'The slug is taken.' }),
}

/** The refusal that a failed statement stands for, or null when it stands for none. */
export function refusalOf(error: unknown): ProtocolError | null {
  if (!(error instanceof Error)) return null
  const constraint = 'constraint' in error ? error.constraint : undefined
  if (typeof constraint !== 'string' || !Object.hasOwn(refusals, constraint)) {
    return refusalOf(error.cause)
  }
  return refusals[constraint]?.() ?? null
}
