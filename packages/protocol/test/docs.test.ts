import { expect, it } from 'vitest'
import { ERRORS } from '../src/index.ts'

it('documents every error code in docs/errors.md', async () => {
  const rows = Object.entries(ERRORS).map(
    ([code, { status, description }]) => `| \`${code}\` | ${status} | ${description} |`,
  )
  const page = [
    '# Errors',
    '',
    'Every error is JSON with `error`, one of these codes, and `message`, a sentence for people (section',
    '5.13 of the specification). Some carry more: `violations`, `invalid_capabilities`,',
    '`unknown_operators`, `schema_errors`. A 401 carries `WWW-Authenticate`, a 429 `Retry-After`.',
    '',
    '| code | status | default message |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n')
  await expect(page).toMatchFileSnapshot('../../../docs/errors.md')
})
