import type { Administration } from '../../account/administration.ts'
import { objectsIn, textIn } from '../../account/request.ts'
import type { JsonObject } from '../../account/request.ts'
import type { Dialog } from '../../dialog.ts'
import { UsageError } from '../../usage-error.ts'
import { readUrls } from './client-fields.ts'
import type { ClientFields } from './client-fields.ts'

type RequiredOption = '--name' | '--redirect-uris' | '--type'

/** The first option that a new application cannot do without; undefined when all are there. */
export function missingOption(fields: ClientFields): RequiredOption | undefined {
  if (!fields['name']) return '--name'
  if (!fields['client_type']) return '--type'
  const redirects = fields['redirect_uris']
  const hasRedirects = Array.isArray(redirects) && redirects.length > 0
  return sendsCodes(fields) && !hasRedirects ? '--redirect-uris' : undefined
}

/** Asks the person for what is missing, and for the scopes. Throws `AccountError` when they cancel. */
export async function completeFields(
  fields: ClientFields,
  dialog: Dialog,
  administration: Administration,
): Promise<ClientFields> {
  const scopes = fields['scopes'] ?? (await pickScopes(dialog, await administration.get('/scopes')))
  return { ...(await completeRequired(fields, dialog)), scopes }
}

async function completeRequired(fields: ClientFields, dialog: Dialog): Promise<ClientFields> {
  const missing = missingOption(fields)
  if (missing === undefined) return fields
  return completeRequired({ ...fields, ...(await questions[missing](dialog)) }, dialog)
}

const questions: Readonly<Record<RequiredOption, (dialog: Dialog) => Promise<ClientFields>>> = {
  '--name': async (dialog) => ({
    name: await dialog.text('What are people shown as its name?', (answer) =>
      answer === '' ? 'It needs a name.' : undefined,
    ),
  }),
  '--type': async (dialog) => ({
    client_type: await dialog.select('Where does it run?', [
      { value: 'confidential', label: 'On a server', hint: 'confidential: it keeps a secret' },
      { value: 'public', label: 'In a browser, on a phone or a desktop', hint: 'public' },
    ]),
  }),
  '--redirect-uris': async (dialog) => {
    const answer = await dialog.text('Redirect URIs, with spaces between them', problemWithUrls)
    return { redirect_uris: readUrls([answer], 'redirect-uris') }
  },
}

/** The catalogue, with sensitive scopes marked and the defaults chosen (O59). */
async function pickScopes(dialog: Dialog, catalogue: JsonObject): Promise<string[]> {
  const scopes = objectsIn(catalogue, 'scopes')
  const nameOf = (scope: JsonObject) => textIn(scope, 'name') ?? ''
  return dialog.multiselect(
    'What may it ask for? Space chooses, Enter goes on.',
    scopes.map((scope) => ({
      value: nameOf(scope),
      label: `${nameOf(scope)}: ${textIn(scope, 'title') ?? ''}${scope['sensitive'] === true ? ' (sensitive)' : ''}`,
      hint: textIn(scope, 'description'),
    })),
    scopes.filter((scope) => scope['default'] === true).map(nameOf),
  )
}

function problemWithUrls(answer: string): string | undefined {
  try {
    const urls = readUrls([answer], 'redirect-uris')
    return urls.length === 0 ? 'It needs at least one.' : undefined
  } catch (error) {
    if (error instanceof UsageError) return error.message
    throw error
  }
}

/** Whether it signs people in by redirects, which is what applications do unless they say otherwise. */
function sendsCodes(fields: ClientFields): boolean {
  const grants = fields['grant_types']
  return !Array.isArray(grants) || grants.length === 0 || grants.includes('authorization_code')
}
