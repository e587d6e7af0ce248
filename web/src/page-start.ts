import { parse } from './api/parse.ts'
import { type Problem, problemSchema } from './api/problem.ts'

/** What the server wrote into the page (src/http/shell.ts). */
export interface PageStart {
  /** Path of the service's root without a slash at its end: '' or the base path. */
  readonly basePath: string
  /** For style elements, which the content security policy allows with it only. */
  readonly styleNonce: string
  /** Why the address that was opened shows no page. */
  readonly problem: Problem | undefined
}

const { root = './', nonce = '', problem } = document.documentElement.dataset

export const pageStart: PageStart = {
  basePath: new URL(root, window.location.href).pathname.replace(/\/+$/, ''),
  styleNonce: nonce,
  problem: problem === undefined ? undefined : parse(problemSchema, JSON.parse(problem)),
}
