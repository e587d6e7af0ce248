import type { Run } from '../run/run.ts'
import { isViewable, NOTEBOOK_TYPE, viewPath } from './status-info.ts'

/** The results of an ended run as OGC's results document: each by reference. @param base public URL of the service */
export function resultsOf(run: Run, base: string): Readonly<Record<string, unknown>> {
  return {
    notebook: {
      href: `${base}/jobs/${run.id}/notebook`,
      type: NOTEBOOK_TYPE,
      title: 'The executed notebook',
    },
    ...(isViewable(run) && {
      view: { href: `${base}/${viewPath(run)}`, type: 'text/html', title: 'The notebook in JupyterLab' },
    }),
  }
}
