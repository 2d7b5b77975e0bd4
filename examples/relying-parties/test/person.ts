import { Browser, type Visit } from '../../../packages/client/test/support/browser.ts'
import type { Account, Countersign } from './countersign.ts'

/** Somebody at a browser, who does what the pages for signing in and for consent ask. */
export class Person {
  readonly browser = new Browser()
  readonly #countersign: Countersign

  constructor(countersign: Countersign) {
    this.#countersign = countersign
  }

  /** Visits an application's page for signing in, signs in at Countersign, allows, and comes back. */
  async signIn(start: string): Promise<string> {
    const { issuer, account } = this.#countersign
    const isOurPage = (url: string) => url.startsWith(issuer) && !url.includes('/api/auth/')
    let { url, response } = await this.browser.visit(start, isOurPage)
    while (isOurPage(url) || isForm(response)) {
      if (isOurPage(url)) ({ url, response } = await this.#answer(new URL(url), account, isOurPage))
      else ({ url, response } = await this.#submit(url, await response.text(), isOurPage))
    }
    return url
  }

  /** What a page of Countersign does. */
  async #answer(page: URL, account: Account, stop: (url: string) => boolean): Promise<Visit> {
    const oauth_query = page.search.slice(1)
    if (page.pathname === '/sign-in') {
      const { email, password } = account
      const { url } = await this.#post('/sign-in/email', { email, password, oauth_query })
      return this.#follow(url, stop)
    }
    if (page.pathname !== '/consent') throw new Error(`unexpected page ${page.href}`)
    const shown = await this.browser.request(
      `${page.origin}/api/auth/oidc/interaction${page.search}`,
    )
    const { ticket } = (await shown.json()) as { ticket: string }
    const decision = { oauth_query, ticket, decision: 'allow' }
    const { redirect_uri } = await this.#post('/oidc/interaction', decision)
    return this.#follow(redirect_uri, stop)
  }

  async #post(path: string, body: object): Promise<Record<string, unknown>> {
    const { issuer } = this.#countersign
    const response = await this.browser.request(`${issuer}/api/auth${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', origin: issuer },
      body: JSON.stringify(body),
    })
    const answer = (await response.json()) as Record<string, unknown>
    if (response.status !== 200) throw new Error(`${path}: ${JSON.stringify(answer)}`)
    return answer
  }

  async #follow(to: unknown, stop: (url: string) => boolean): Promise<Visit> {
    const url = new URL(String(to), this.#countersign.issuer).href
    if (stop(url)) return { url, response: new Response() }
    return this.browser.visit(url, stop)
  }

  /** Sends the form of an application's page as it stands. */
  async #submit(url: string, html: string, stop: (url: string) => boolean): Promise<Visit> {
    const action = /<form[^>]*action="([^"]+)"/.exec(html)?.[1]
    if (action === undefined) throw new Error(`no form: ${html}`)
    const fields = [...html.matchAll(/<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"/g)]
    const response = await this.browser.request(new URL(action, url).href, {
      method: 'POST',
      body: new URLSearchParams(fields.map(([, name = '', value = '']) => [name, value])),
    })
    return this.#follow(response.headers.get('location'), stop)
  }
}

function isForm(response: Response): boolean {
  return response.headers.get('content-type')?.includes('text/html') ?? false
}
