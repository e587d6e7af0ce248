import { v7 as uuidv7 } from 'uuid'
import type { Catalog } from '../catalog/catalog.ts'
import type { TemplateLocation } from '../catalog/entry.ts'
import { type ParameterFault, RunnerError } from '../errors.ts'
import type { Caller } from '../identity/caller.ts'
import { chooseWorkspace } from '../identity/workspace.ts'
import { parseQuery } from '../notebook/input-values.ts'
import { languageOfKernel } from '../notebook/kernel-language.ts'
import { prepareNotebook } from '../notebook/prepare.ts'
import { withKernel } from '../notebook/template.ts'
import type { Storage, StoredObject } from '../storage/storage.ts'
import { readLink, withFaults } from './link.ts'
import { isReserved, linkInputs, type ReservedPolicy, reservedValues } from './reserved-inputs.ts'
import type { RunStore } from './store.ts'

interface PreparedRun {
  /** UUIDv7; the `outputId` of the view link. */
  readonly id: string
  readonly notebookId: string
  readonly workspace: string
  readonly object: StoredObject
}

/** A link followed by a caller: the prepared notebook is stored in the workspace, and its row in the history. */
export type PrepareRun = (
  caller: Caller,
  notebookId: string,
  query: Iterable<readonly [string, string]>,
) => Promise<PreparedRun>

/**
 * The way of a link: notebook and inputs schema → workspace → typed parameters → injected notebook → storage → row.
 * The notebook is stored first: a row always has its file. (A row that could not be written leaves a file that nothing
 * points to, and the caller is told.)
 * The function throws every RunnerError of its parts; all faults of the parameters come at once.
 */
export function prepareWith(parts: {
  readonly catalog: Catalog
  readonly storage: Storage
  readonly runs: RunStore
  readonly reserved: ReservedPolicy
}): PrepareRun {
  const { catalog, storage, runs, reserved } = parts
  return async (caller, notebookId, query) => {
    const link = readLink(query)
    const offer = await catalog.offer(notebookId)
    const { entry, inputs } = offer
    const { kernel } = link.controls
    const [open, forbidden] = splitReserved(link.inputs)
    const faults = [...link.faults, ...forbidden, ...kernelFaults(kernel, offer.template.language)]
    const parameters = withFaults(faults, () => parseQuery(linkInputs(inputs), open))
    const { version } = offer
    const template = kernel === undefined ? offer.template : withKernel(offer.template, kernel)
    const workspace = chooseWorkspace(caller, link.controls.workspace)
    if ((link.controls.mode ?? entry.mode) === 'execute') {
      throw new RunnerError(
        'no-kernels',
        'This service prepares notebooks and does not execute them: use _mode=prepare.',
      )
    }
    const scope = { workspace, user: caller.user }
    const id = uuidv7()
    const object = storage.locate(scope, notebookId, id)
    const bucket = storage.kind === 's3' ? object.bucket : `workspace-${workspace}`
    const values = new Map([
      ...parameters,
      ...reservedValues(reserved, inputs, { caller, workspace, bucket }),
    ])
    const notebook = prepareNotebook(template, {
      parameters: values,
      inputPath: pathOf(entry.template),
      outputPath: storage.kind === 's3' ? `s3://${object.bucket}/${object.key}` : object.key,
      // The random end of the run's id: as unique, and no second draw.
      cellId: id.slice(-8),
    })
    await storage.put(scope, object, notebook)
    await runs.insertPrepared(
      { issuer: caller.issuer, subject: caller.subject, user: caller.user, workspace },
      {
        id,
        notebookId,
        notebookVersion: version,
        parameters: values,
        kernelName: template.kernelName,
        object,
      },
    )
    return { id, notebookId, workspace, object }
  }
}

/** A kernel of another language could not read what is injected, nor the notebook itself. */
function kernelFaults(kernel: string | undefined, notebookLanguage: string): readonly ParameterFault[] {
  if (kernel === undefined) return []
  const base = { name: '_kernel', fault: 'invalid', received: kernel } as const
  if (!/^[A-Za-z0-9._-]{1,100}$/.test(kernel)) {
    return [{ ...base, message: '_kernel must be the name of a kernel, such as python3.' }]
  }
  const language = languageOfKernel(kernel)
  if (language === undefined || language.toLowerCase() === notebookLanguage.toLowerCase()) return []
  const message = `_kernel: ${kernel} is a kernel for ${language}, and this notebook is in ${notebookLanguage}.`
  return [{ ...base, message, expected: `a kernel for ${notebookLanguage}` }]
}

type Pair = readonly [string, string]

function splitReserved(pairs: readonly Pair[]): [readonly Pair[], readonly ParameterFault[]] {
  const open: Pair[] = []
  const faults: ParameterFault[] = []
  for (const pair of pairs) {
    const [name, received] = pair
    if (!isReserved(name)) open.push(pair)
    else
      faults.push({
        name,
        fault: 'reserved',
        message: `${name} is set by the platform and by no link.`,
        received,
      })
  }
  return [open, faults]
}

/** What the notebook says of where it came from: never a query, which may carry a signature. */
function pathOf(location: TemplateLocation): string {
  switch (location.kind) {
    case 'file':
      return location.path.split('/').at(-1) ?? ''
    case 'http':
      return location.url.replace(/[?#].*$/s, '')
    case 's3':
      return `s3://${location.bucket}/${location.key}`
  }
}
