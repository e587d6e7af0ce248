import { Agent, request } from 'undici'

/** As much as browsers take. */
const dispatcher = new Agent({ maxHeaderSize: 256 * 1024 })

const NAVIGATION = {
  accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-site': 'cross-site',
  'sec-fetch-user': '?1',
}

interface Cookie {
  readonly name: string
  readonly value: string
  readonly path: string
}

interface Page {
  /** Where it was found, after all redirects. */
  readonly url: string
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Every address on the way, the first one included. */
  readonly way: readonly string[]
}

interface Sending {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/**
 * A browser without a screen: it keeps cookies (by the rules that matter here) and follows redirects one by one, so that
 * each of them can be looked at.
 */
export class Visitor {
  /** By name and path. */
  readonly cookies = new Map<string, Cookie>()
  /** All `Set-Cookie` headers that came. */
  readonly set: string[] = []
  readonly #places: Readonly<Record<string, string>>

  /** @param places where an origin really is: an https name in front of a loopback address */
  constructor(places: Readonly<Record<string, string>> = {}) {
    this.#places = places
  }

  /** One request, as a person's navigation unless `headers` say otherwise. */
  async send(url: string, { method = 'GET', headers = NAVIGATION, body }: Sending = {}): Promise<Page> {
    const { origin, host } = new URL(url)
    const cookie = this.cookieFor(url)
    const place = this.#places[origin]
    const answer = await request(place === undefined ? url : url.replace(origin, place), {
      method,
      dispatcher,
      headers: { ...headers, ...(place !== undefined && { host }), ...(cookie !== '' && { cookie }) },
      ...(body !== undefined && { body }),
    })
    const text = await answer.body.text()
    const found = new Headers()
    for (const [name, value] of Object.entries(answer.headers))
      for (const one of [value ?? ''].flat()) {
        found.append(name, one)
        if (name === 'set-cookie') this.#keep(one)
      }
    return { url, status: answer.statusCode, headers: found, text, way: [url] }
  }

  /** A page, with all redirects followed that stay on this machine. */
  async open(url: string, sending: Sending = {}, stop = (_next: string) => false): Promise<Page> {
    const way: string[] = []
    let page = await this.send(url, sending)
    way.push(url)
    while (page.status >= 300 && page.status < 400 && way.length < 20) {
      const next = new URL(page.headers.get('location') ?? '', page.url).href
      way.push(next)
      if (!this.#reaches(next) || stop(next)) break
      page = await this.send(next)
    }
    return { ...page, way }
  }

  /** A page that is behind a sign-in, which is made at the provider's own pages on the way. */
  async signIn(url: string, name: string): Promise<Page> {
    return this.answerForms(await this.open(url), name)
  }

  /** Fills in the provider's forms until there is none left, or a redirect leads to where it is to `stop`. */
  async answerForms(page: Page, name: string, stop = (_next: string) => false): Promise<Page> {
    const [, action] = /<form[^>]* action="([^"]*\/interaction\/[^"]*)"/.exec(page.text) ?? []
    if (action === undefined) return page
    const login = page.text.includes('name="login"')
    const body = login ? `prompt=login&login=${name}&password=x` : 'prompt=consent'
    const headers = { ...NAVIGATION, 'content-type': 'application/x-www-form-urlencoded' }
    const next = await this.open(new URL(action, page.url).href, { method: 'POST', headers, body }, stop)
    const after = await this.answerForms(next, name, stop)
    return { ...after, way: [...page.way, ...after.way] }
  }

  /** The header that goes to this address. */
  cookieFor(url: string): string {
    const { protocol, pathname } = new URL(url)
    return [...this.cookies.values()]
      .filter(
        ({ name, path }) => pathname.startsWith(path) && (protocol === 'https:' || !name.startsWith('__')),
      )
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
  }

  /** Nothing but this machine. */
  #reaches(url: string): boolean {
    const { hostname, origin } = new URL(url)
    return hostname === '127.0.0.1' || this.#places[origin] !== undefined
  }

  #keep(line: string): void {
    this.set.push(line)
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    const [, path = '/'] = /;\s*path=([^;]+)/i.exec(line) ?? []
    if (value === '' || /;\s*max-age=0/i.test(line)) this.cookies.delete(`${name} ${path}`)
    else this.cookies.set(`${name} ${path}`, { name, value, path })
  }
}
