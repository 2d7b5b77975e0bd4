import { serverOption } from '../../account/account.ts'
import { openAdministration } from '../../account/administration.ts'
import { textIn } from '../../account/request.ts'
import type { Command } from '../../command.ts'
import { openDialog } from '../../dialog.ts'
import { plain } from '../../output.ts'
import { UsageError } from '../../usage-error.ts'
import { clientOptions, readClientFields } from './client-fields.ts'
import { clientIn, environmentLines, secretIn } from './client-lines.ts'
import { completeFields, missingOption } from './complete-fields.ts'

/** Creates an application; its secret is in this answer alone. */
export const create: Command = {
  name: 'create',
  usage:
    'countersign oidc create --name <name> --type <public|confidential> --redirect-uris <url>... [--scopes <scope>...]',
  summary: 'Create an application that people sign in to',
  words: [],
  options: { ...clientOptions, ...serverOption },
  async run(input, { terminal }) {
    const given = readClientFields(input)
    const dialog = input.flag('json') ? undefined : openDialog(terminal)
    const missing = missingOption(given)
    if (missing && !dialog) throw new UsageError(`${missing} is missing. Usage: ${create.usage}`)
    const administration = await openAdministration(input, terminal)
    const fields = dialog ? await completeFields(given, dialog, administration) : given
    const answer = await administration.post('/clients', fields)
    const [client, secret] = [clientIn(answer), secretIn(answer)]
    const { server: issuer } = administration
    const id = textIn(client, 'client_id') ?? ''
    return {
      value: { issuer, client, ...(secret === undefined ? {} : { client_secret: secret }) },
      lines: [
        `Created ${plain(textIn(client, 'name') ?? id)}.`,
        ...environmentLines(issuer, id, secret),
      ],
    }
  },
}
