import { CHOICES } from '../components/limit-words.ts'

/** The query of a run link: names and texts in order, a name repeated where it has several values. */
export type LinkQuery = ReadonlyArray<readonly [name: string, text: string]>

export const readQuery = (text: string): LinkQuery => [...new URLSearchParams(text)]

/** As people write it: what is empty is left out, and what a query may hold as it is (RFC 3986, 3.4) is not encoded. */
export function queryText(query: LinkQuery): string {
  return query
    .filter(([, text]) => text !== '')
    .map(([name, text]) => `${encode(name)}=${encode(text)}`)
    .join('&')
}

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/%(?:2C|2F|3A|40)/g, decodeURIComponent)

export const textsOf = (query: LinkQuery, name: string): readonly string[] =>
  query.flatMap(([known, text]) => (known === name ? [text] : []))

/** With other texts for a name, at the place where it stood; an empty list takes it out. */
export function withTexts(query: LinkQuery, name: string, texts: readonly string[]): LinkQuery {
  const added = texts.map((text) => [name, text] as const)
  const at = query.findIndex(([known]) => known === name)
  const others = query.filter(([known]) => known !== name)
  return at < 0 ? [...others, ...added] : others.toSpliced(at, 0, ...added)
}

/** The inputs of which there are several values, a run for each. */
export const sweptNames = (query: LinkQuery): readonly string[] =>
  textsOf(query, '_each').flatMap((text) =>
    text
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  )

/** With what only a run can have, the link is one that executes: otherwise it would be refused. */
export const needsRun = (query: LinkQuery): boolean =>
  sweptNames(query).length > 0 || query.some(([name, text]) => text !== '' && LIMIT_CONTROLS.has(name))

const LIMIT_CONTROLS: ReadonlySet<string> = new Set(CHOICES.map(({ control }) => control))

/** For a link that prepares. */
export const withoutLimits = (query: LinkQuery): LinkQuery =>
  query.filter(([name]) => !LIMIT_CONTROLS.has(name))

/** Swept or not: the list of all that are, in one `_each`. */
export function withSwept(query: LinkQuery, name: string, swept: boolean): LinkQuery {
  const others = sweptNames(query).filter((known) => known !== name)
  const names = swept ? [...others, name] : others
  return withTexts(query, '_each', names.length === 0 ? [] : [names.join(',')])
}
