import type { Permissions } from '../authenticate/principal.ts'

/** The role of whoever creates an organization; one member has it at any time. */
const OWNER = 'owner'

const everything: Permissions = {
  organization: ['update', 'delete'],
  member: ['create', 'update', 'delete'],
  invitation: ['create', 'cancel'],
  team: ['create', 'update', 'delete'],
  ac: ['create', 'read', 'update', 'delete'],
  apiKey: ['create', 'read', 'update', 'delete'],
  oauthClient: ['create', 'read', 'update', 'delete'],
}

/** Who may do what in an organization: the one table that endpoints and guards decide by. */
const builtIn: Readonly<Record<string, Permissions>> = {
  [OWNER]: everything,
  admin: { ...everything, organization: ['update'] },
  member: { ac: ['read'] },
}

/** The role matrix: the built-in roles, and what the options add. */
export function roleMatrix(added: Readonly<Record<string, Permissions>>) {
  const names = new Set([...Object.keys(builtIn), ...Object.keys(added)])
  const entries = [...names].map((name): [string, Permissions] => [
    name,
    unite([own(builtIn, name), own(added, name)]),
  ])
  return new Map(entries)
}

/** The roles of a member: they are stored with commas between them, and nothing else. */
export function rolesOf(stored: string): readonly string[] {
  return stored.split(',')
}

/** What roles allow together; one that the matrix lacks allows nothing. */
export function permissionsOf(
  roles: readonly string[],
  matrix: ReadonlyMap<string, Permissions>,
): Permissions {
  return unite(roles.map((role) => matrix.get(role) ?? {}))
}

/** What several sets of permissions allow together. */
export function unite(sets: readonly Permissions[]): Permissions {
  const united = new Map<string, Set<string>>()
  for (const [resource, actions] of sets.flatMap((set) => Object.entries(set))) {
    united.set(resource, new Set([...(united.get(resource) ?? []), ...actions]))
  }
  return Object.fromEntries([...united].map(([resource, actions]) => [resource, [...actions]]))
}

/** What two sets of permissions both allow. */
export function intersect(one: Permissions, other: Permissions): Permissions {
  const entries = Object.entries(one).map(([resource, actions]): [string, string[]] => [
    resource,
    actions.filter((action) => own(other, resource, []).includes(action)),
  ])
  return Object.fromEntries(entries.filter(([, actions]) => actions.length > 0))
}

function own<Value>(record: Readonly<Record<string, Value>>, name: string): Value | Permissions
function own<Value>(record: Readonly<Record<string, Value>>, name: string, absent: Value): Value
function own(
  record: Readonly<Record<string, unknown>>,
  name: string,
  absent: unknown = {},
): unknown {
  return Object.hasOwn(record, name) ? record[name] : absent
}
