import type { Caller } from '../identity/caller.ts'
import type { Run } from '../run/run.ts'
import { LEFT_WORDS, type RunFile } from '../run/run-file.ts'
import type { Services } from './services.ts'
import { isViewable, NOTEBOOK_TYPE, viewPath } from './status-info.ts'

/** Names that the results of every run may have: a value that a notebook has given one of them gets another. */
const OURS: ReadonlySet<string> = new Set(['notebook', 'view', 'files', 'filesComplete'])

/** The results of an ended run as OGC's results document: files by reference, and the values that the notebook has named. */
export async function resultsOf(
  services: Services,
  caller: Caller,
  run: Run,
): Promise<Readonly<Record<string, unknown>>> {
  const [files, scraps] = await Promise.all([
    services.files.list(caller, run.id),
    services.scraps.list(caller, run.id),
  ])
  const base = services.publicUrl()
  const job = `${base}/jobs/${run.id}`
  const notebook = { href: `${job}/notebook`, type: NOTEBOOK_TYPE }
  const named = [...scraps].map(([name, value]): [string, unknown] => [
    OURS.has(name) ? `scrap:${name}` : name,
    value ?? { ...notebook, title: 'Too large to be given here: it is in the notebook' },
  ])
  return {
    // Without a prototype's setters: names are those of anybody's choice.
    ...Object.fromEntries(named),
    notebook: { ...notebook, title: 'The executed notebook' },
    ...(isViewable(run) && {
      view: { href: `${base}/${viewPath(run)}`, type: 'text/html', title: 'The notebook in JupyterLab' },
    }),
    ...(files !== undefined && {
      files: files.files.map((file) => fileOf(file, job)),
      ...(!files.complete && { filesComplete: false }),
    }),
  }
}

/** A file as a link, with its digest; without an address where it was not copied. */
function fileOf({ path, size, mediaType, copy }: RunFile, job: string) {
  const common = { title: path, type: mediaType, length: size }
  if ('object' in copy)
    return {
      href: `${job}/files/${path.split('/').map(encodeURIComponent).join('/')}`,
      ...common,
      digest: `sha-256=:${Buffer.from(copy.digest, 'hex').toString('base64')}:`,
    }
  const { leftBecause } = copy
  const message = `Only in the folder of the run, on the Jupyter server: ${LEFT_WORDS[leftBecause]}.`
  return { ...common, onServerOnly: true, reason: leftBecause, message }
}
