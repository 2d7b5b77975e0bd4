import type { FirstAccount } from './first-account.ts'

/** What the banner speaks of. */
export interface Started {
  readonly url: string
  readonly data: string
  /** Whether e-mails end in the inbox of development. */
  readonly inbox: boolean
  readonly demo: boolean
  readonly account: FirstAccount | undefined
}

/** What a start prints: where the server is; the first time also the account and what to try. */
export function banner({ url, data, inbox, demo, account }: Started): string {
  const lines = ['', '  Countersign is running', '', `  address   ${url}`]
  if (account) lines.push(`  e-mail    ${account.email}`, `  password  ${account.password}`)
  lines.push(`  data      ${data}`)
  if (inbox) lines.push(`  e-mails   ${url}/dev/inbox`)
  if (account) {
    lines.push('', '  The password is shown this once. Try:', '', ...commands(url, demo))
  }
  return `${lines.join('\n')}\n\n`
}

function commands(url: string, demo: boolean): string[] {
  const capability = demo ? 'list_accounts' : '<capability>'
  return [
    `    npx countersign agent discover ${url}`,
    `    npx countersign agent connect ${url} --name demo --capabilities ${capability}`,
    `    npx countersign agent execute demo ${capability}`,
  ]
}
