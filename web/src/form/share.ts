import { pageStart } from '../page-start.ts'
import { type LinkQuery, queryText } from './link-query.ts'

/** How the world calls the service, as this page was called. */
const base = (): string => `${window.location.origin}${pageStart.basePath}`

/** The run link. */
export function runLink(id: string, query: LinkQuery): string {
  const text = queryText(query)
  return `${base()}/run/notebook/${encodeURIComponent(id)}${text === '' ? '' : `?${text}`}`
}

const LABEL = 'run notebook'

/** Ways to pass a link on, each with its name. The token is the reader's own. */
export function shares(
  id: string,
  title: string,
  query: LinkQuery,
): ReadonlyArray<readonly [string, string]> {
  const link = runLink(id, query).replaceAll("'", '%27')
  const badge = `${base()}/badge.svg`
  const alt = title.replace(/[[\]`"<>&\n\r]/g, ' ')
  return [
    ['Link', link],
    ['curl', `curl -i -H "Authorization: Bearer $TOKEN" \\\n  '${link}'`],
    [
      'Python',
      `import os, requests

response = requests.get(
    '${link}',
    headers={'Authorization': f"Bearer {os.environ['TOKEN']}"},
    allow_redirects=False,
)
print(response.json())`,
    ],
    ['Command line', commandLine(id, query)],
    ['Markdown', `[![${LABEL}: ${alt}](${badge})](${link.replaceAll('(', '%28').replaceAll(')', '%29')})`],
    ['HTML', `<a href="${link.replaceAll('&', '&amp;')}"><img src="${badge}" alt="${LABEL}: ${alt}"></a>`],
    ['reStructuredText', `.. image:: ${badge}\n   :target: ${link}\n   :alt: ${LABEL}: ${alt}`],
  ]
}

function commandLine(id: string, query: LinkQuery): string {
  const given = query.filter(([name, text]) => text !== '' && !name.startsWith('_'))
  return [
    `./notebook-runner link ${quoted(id)}`,
    ...given.map(([name, text]) => `-p ${quoted(name)} ${quoted(text)}`),
  ].join(' \\\n  ')
}

const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
