import { RunnerError } from '../errors.ts'

/** The pages that a sign-in may lead to. */
const PAGES = ['', 'processes', 'run', 'view-notebook', 'jobs', 'batches', 'auth/signed-in']
const NOWHERE = 'http://service.invalid'

/**
 * The one list of targets of redirects that a request may choose: a path and query below the service's root that is one
 * of its pages, written anew. What browsers, proxies and this parser could each read otherwise (backslashes, blanks,
 * control characters, `//`, encoded dots and slashes) is refused, whatever it leads to.
 * @throws RunnerError `invalid-request`
 */
export function returnTarget(text: string): string {
  const path = text.split('?', 1)[0] ?? ''
  if (path.startsWith('/') && !/\/\/|[\\\s\p{Cc}@;#]|%(2e|2f|5c|0\d|1\d|25)/iu.test(path)) {
    const url = URL.canParse(text, NOWHERE) ? new URL(text, NOWHERE) : undefined
    const target = url === undefined ? '' : `${url.pathname}${url.search}`
    if (url?.origin === NOWHERE && url.pathname.length >= path.length && isPage(url.pathname)) return target
  }
  throw new RunnerError(
    'invalid-request',
    'return must be the path of a page of this service, such as /processes. Leave it out to come to the notebooks.',
  )
}

const isPage = (path: string): boolean =>
  PAGES.some((page) => path === `/${page}` || (page !== '' && path.startsWith(`/${page}/`)))
