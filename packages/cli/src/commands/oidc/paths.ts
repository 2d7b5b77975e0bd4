import type { Administration } from '../../account/administration.ts'
import { AccountError } from '../../account/account-error.ts'
import { objectsIn, textIn } from '../../account/request.ts'
import { UsageError } from '../../usage-error.ts'

/** The path of an application, or of something below it. Throws `AccountError` of kind `not_found`. */
export async function clientPath(
  administration: Administration,
  clientId: string,
  rest = '',
): Promise<string> {
  const list = { path: '/clients', member: 'clients' }
  return `/clients/${await pathName(administration, clientId, list)}${rest}`
}

/** The path of what the person at the terminal lets an application do. */
export async function consentPath(
  administration: Administration,
  clientId: string,
): Promise<string> {
  const list = { path: '/user/consent', member: 'consents' }
  return `/user/consent/${await pathName(administration, clientId, list)}`
}

/** An id as one segment of a path. Throws `UsageError` for one that would be a path of its own. */
export function segment(id: string): string {
  // A URL takes these for a step up, however they are written.
  if (/^\.{0,2}$/.test(id)) throw new UsageError(`"${id}" is not an id.`)
  return encodeURIComponent(id)
}

/**
 * What stands for an application in a path. Where the `client_id` is a URL, as with metadata documents,
 * the list says it: an encoded slash in a path is another name of a slash.
 */
async function pathName(
  administration: Administration,
  clientId: string,
  { path, member }: { readonly path: string; readonly member: string },
): Promise<string> {
  if (!clientId.includes('/')) return segment(clientId)
  const listed = objectsIn(await administration.get(path), member)
  const found = listed.find((client) => client['client_id'] === clientId)
  const id = found && textIn(found, 'id')
  if (id !== undefined) return segment(id)
  throw new AccountError('not_found', 'No such application.')
}
