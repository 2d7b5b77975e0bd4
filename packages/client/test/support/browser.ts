/** Answers requests to one origin without a socket in between. */
export type Site = (request: Request) => Promise<Response>

/**
 * A browser as far as redirects, cookies and forms go.
 *
 * Cookies are kept per host name as in a real one, so the sites of a test share them, whatever the port.
 */
export class Browser {
  readonly cookies = new Map<string, string>()
  readonly sites = new Map<string, Site>()
  /** Every address visited, in order. */
  readonly visited: string[] = []

  /** Requests to the origin go to the handler; all others to the network. */
  site(origin: string, handler: Site): this {
    this.sites.set(origin, handler)
    return this
  }

  /** One request, its cookies kept, no redirect followed. */
  async request(url: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    if (this.cookies.size > 0) headers.set('cookie', this.cookieHeader())
    const request = new Request(url, { ...init, headers, redirect: 'manual' })
    this.visited.push(url)
    const site = this.sites.get(new URL(url).origin)
    const response = await (site ? site(request) : fetch(request))
    for (const cookie of response.headers.getSetCookie()) this.keep(cookie)
    return response
  }

  /** Follows redirects until a page comes, or an address for which `stop` says so. */
  async visit(url: string, stop: (url: string) => boolean = () => false): Promise<Visit> {
    let next = url
    let response = await this.request(next)
    for (let hops = 0; response.status >= 300 && response.status < 400; hops += 1) {
      if (hops > 20) throw new Error('too many redirects')
      next = new URL(response.headers.get('location') ?? '', next).href
      if (stop(next)) return { url: next, response }
      response = await this.request(next)
    }
    return { url: next, response }
  }

  /** Visits, and fills in the provider's forms for sign-in and consent as this person. */
  async signIn(url: string, login: string, stop?: (url: string) => boolean): Promise<Visit> {
    let visit = await this.visit(url, stop)
    for (let pages = 0; pages < 4; pages += 1) {
      const type = visit.response.headers.get('content-type') ?? ''
      if (stop?.(visit.url) === true || !type.includes('text/html')) break
      const page = await visit.response.text()
      const action = /<form[^>]*action="([^"]+)"/.exec(page)?.[1]
      const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1]
      if (action === undefined || prompt === undefined) throw new Error(`no form: ${page}`)
      visit = await this.submit(
        new URL(action, visit.url).href,
        { prompt, login, password: 'x' },
        stop,
      )
    }
    return visit
  }

  cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  private async submit(
    url: string,
    fields: Record<string, string>,
    stop?: (url: string) => boolean,
  ): Promise<Visit> {
    const response = await this.request(url, { method: 'POST', body: new URLSearchParams(fields) })
    const location = response.headers.get('location')
    if (location === null) return { url, response }
    const next = new URL(location, url).href
    return stop?.(next) ? { url: next, response } : this.visit(next, stop)
  }

  private keep(cookie: string): void {
    const [pair = '', ...attributes] = cookie.split(';')
    const separator = pair.indexOf('=')
    const name = pair.slice(0, separator)
    const value = pair.slice(separator + 1)
    const gone = attributes.some((text) => {
      const [key = '', date = ''] = text.trim().split('=')
      if (key.toLowerCase() === 'max-age') return Number(date) <= 0
      return key.toLowerCase() === 'expires' && Date.parse(date) <= Date.now()
    })
    if (gone || value === '') this.cookies.delete(name)
    else this.cookies.set(name, value)
  }
}

export interface Visit {
  url: string
  response: Response
}
