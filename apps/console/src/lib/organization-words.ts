import type { FullOrganization, MemberView, Permissions } from '../api/organization-contract.ts'
import { capitalise, humanName, list } from './words.ts'

/** The roles that can be given in an invitation; others come from the server's settings. */
export const roles = [
  { value: 'member', label: 'Member' },
  { value: 'admin', label: 'Administrator' },
  { value: 'owner', label: 'Owner' },
] as const

/** What a role is called; several are stored with commas between them. */
export function roleWords(role: string | null): string {
  const names = (role ?? 'member').split(',')
  return list(
    names.map((name, index) => {
      const known = roles.find(({ value }) => value === name)?.label ?? capitalise(humanName(name))
      return index === 0 ? known : known.toLowerCase()
    }),
  )
}

/** What the person may do in an organization, as far as the page offers it. */
export interface Standing {
  me: MemberView | undefined
  isOwner: boolean
  /** Invites, removes and changes roles. */
  manages: boolean
  /** Nobody else owns it: leaving is not possible. */
  isLastOwner: boolean
}

/** How a person stands in an organization. What they may really do, the server decides. */
export function standingIn(organization: FullOrganization, userId: string | undefined): Standing {
  const owners = organization.members.filter(({ role }) => role.split(',').includes('owner'))
  const me = organization.members.find((member) => member.userId === userId)
  const isOwner = owners.some((member) => member.id === me?.id)
  const manages = isOwner || (me?.role.split(',').includes('admin') ?? false)
  return { me, isOwner, manages, isLastOwner: isOwner && owners.length === 1 }
}

/** A short name for addresses, made of a name and something that keeps it apart from others. */
export function slugOf(name: string, apart: string): string {
  const plain = name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 40)
  return plain === '' ? `org-${apart}` : `${plain}-${apart}`
}

/** What a key reaches, shortest first. */
export function permissionWords(permissions: Permissions): string {
  const parts = Object.entries(permissions)
    .filter(([, actions]) => actions.length > 0)
    .map(([resource, actions]) => `${humanName(resource)}: ${list(actions.map(humanName))}`)
  return parts.length === 0 ? 'Nothing' : capitalise(parts.join(' · '))
}
