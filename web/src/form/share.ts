import type { Process } from '../api/processes.ts'
import { pageStart } from '../page-start.ts'
import { type LinkQuery, queryText, sweptNames, textsOf } from './link-query.ts'

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
  { id, title, mode }: Pick<Process, 'id' | 'title' | 'mode'>,
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
    ['Command line', commandLine(id, query, textsOf(query, '_mode')[0] ?? mode)],
    ['Markdown', `[![${LABEL}: ${alt}](${badge})](${link.replaceAll('(', '%28').replaceAll(')', '%29')})`],
    ['HTML', `<a href="${link.replaceAll('&', '&amp;')}"><img src="${badge}" alt="${LABEL}: ${alt}"></a>`],
    ['reStructuredText', `.. image:: ${badge}\n   :target: ${link}\n   :alt: ${LABEL}: ${alt}`],
  ]
}

/** What `run --server` calls the control parameters. */
const FLAGS: Readonly<Record<string, string>> = {
  _workspace: '--workspace',
  _kernel: '--kernel',
  _run_timeout: '--run-timeout',
  _cell_timeout: '--execution-timeout',
  _idle_timeout: '--idle-timeout',
  _output_bytes: '--output-bytes',
}

/** One run is executed by the command line itself; of all else it makes the link. */
function commandLine(id: string, query: LinkQuery, mode: string | undefined): string {
  const runs = mode === 'execute' && sweptNames(query).length === 0
  const given = query.filter(([name, text]) => text !== '' && !(runs && name === '_mode'))
  const first = runs
    ? [`./notebook-runner run ${quoted(id)} ${quoted(`${id}.ipynb`)}`, `--server ${quoted(base())}`]
    : [`./notebook-runner link ${quoted(id)}`, `--url ${quoted(base())}`]
  const flags = given.map(([name, text]) => {
    const flag = runs ? FLAGS[name] : undefined
    return flag === undefined ? `-p ${quoted(name)} ${quoted(text)}` : `${flag} ${quoted(text)}`
  })
  return [...first, ...flags].join(' \\\n  ')
}

const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
