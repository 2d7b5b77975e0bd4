import { isLoopback } from '@countersign/server'
import type { DevelopmentInbox, InboxMessage } from '@countersign/server'
import { Hono } from 'hono'
import type { Context } from 'hono'
import { html } from 'hono/html'

const style = `
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 44rem; padding: 0 1rem }
:root { color-scheme: light dark }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit }
li { margin: 0.75rem 0 }
iframe { width: 100%; height: 20rem; border: 1px solid gray; background: white }
`

/**
 * The pages of the development inbox, under `/dev/inbox`.
 *
 * Whoever reads them can sign in as anybody, so they are for a browser on this machine alone: mount
 * them only where nobody else can connect.
 */
export function inboxPages(inbox: DevelopmentInbox, baseURL: string) {
  const app = new Hono()
  app.use(async (c, next) => {
    if (isOwnBrowser(c, baseURL)) await next()
    else c.res = c.text('Forbidden\n', 403)
    c.header('cache-control', 'no-store')
  })
  app.get('/', (c) => c.html(listPage(inbox.list())))
  app.get('/messages', (c) => c.json(inbox.list()))
  app.get('/style.css', (c) => c.body(style, 200, { 'content-type': 'text/css; charset=utf-8' }))
  app.get('/:id', (c) => {
    const message = inbox.find(c.req.param('id'))
    return message ? c.html(messagePage(message)) : c.text('Not found\n', 404)
  })
  return app
}

/** A page elsewhere can point a name of its own at this machine, and a tunnel can lead to it. */
function isOwnBrowser(c: Context, baseURL: string): boolean {
  const host = `http://${c.req.header('host') ?? ''}`
  const origin = c.req.header('origin')
  const site = c.req.header('sec-fetch-site')
  return (
    URL.canParse(host) &&
    isLoopback(new URL(host).hostname) &&
    (origin === undefined || origin === baseURL) &&
    (site === undefined || site === 'same-origin' || site === 'none') &&
    !['forwarded', 'x-forwarded-for', 'x-forwarded-host'].some((name) => c.req.header(name))
  )
}

function listPage(messages: readonly InboxMessage[]) {
  const rows = messages.map(
    ({ id, to, subject, sentAt }) => html`
      <li>
        <a href="/dev/inbox/${id}">${subject}</a><br />
        to ${to}, <time datetime="${sentAt.toISOString()}">${sentAt.toISOString()}</time>
      </li>
    `,
  )
  const nothing = html`<p>No e-mail yet. Reload this page after one was asked for.</p>`
  return page(
    'Inbox',
    html`<h1>Inbox</h1>
      ${
        rows.length > 0
          ? html`<ul>
              ${rows}
            </ul>`
          : nothing
      }`,
  )
}

function messagePage({ to, subject, text, html: body }: InboxMessage) {
  const parts = text.split(/(https?:\/\/\S+)/)
  const linked = parts.map((part, index) =>
    index % 2 === 1 ? html`<a href="${part}" rel="noreferrer">${part}</a>` : part,
  )
  return page(
    subject,
    html`
      <p><a href="/dev/inbox">Inbox</a></p>
      <h1>${subject}</h1>
      <p>To ${to}</p>
      <pre>${linked}</pre>
      <h2>As HTML</h2>
      <iframe
        title="The e-mail as HTML"
        sandbox="allow-popups allow-popups-to-escape-sandbox"
        srcdoc="${body}"
      ></iframe>
    `,
  )
}

function page(title: string, body: ReturnType<typeof html>) {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${title}</title>
        <link rel="stylesheet" href="/dev/inbox/style.css" />
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html>`
}
