import { randomUUIDv7 } from 'node:crypto'
import type { Catalog } from '../catalog/catalog.ts'
import type { TemplateLocation } from '../catalog/entry.ts'
import type { ParameterFault } from '../errors.ts'
import type { Caller, Scope } from '../identity/caller.ts'
import { chooseWorkspace } from '../identity/workspace.ts'
import { parseQuery, parseValues } from '../notebook/input-values.ts'
import type { InputsSchema } from '../notebook/inputs-schema.ts'
import type { JsonObject, JsonValue } from '../notebook/json.ts'
import { languageOfKernel } from '../notebook/kernel-language.ts'
import { cut } from '../notebook/misfit.ts'
import { prepareNotebook } from '../notebook/prepare.ts'
import { withKernel } from '../notebook/template.ts'
import type { Storage } from '../storage/storage.ts'
import { type LinkControls, readLink, withFaults } from './link.ts'
import { isReserved, linkInputs, type ReservedPolicy, reservedValues } from './reserved-inputs.ts'
import type { NewRun } from './run.ts'

type Pair = readonly [string, string]

/** What a caller asks for: the query of a link, control parameters among it, or the values of a JSON body. */
export type RunRequest =
  | { readonly kind: 'query'; readonly pairs: Iterable<Pair> }
  | {
      readonly kind: 'values'
      readonly values: JsonObject
      readonly workspace?: string | undefined
      readonly kernel?: string | undefined
    }

/** A notebook with its parameters in it, not stored yet, and the run that it is for. */
export interface FilledNotebook {
  readonly scope: Scope
  readonly run: NewRun
  /** What the link, or else the catalogue's entry, asks for. */
  readonly mode: 'prepare' | 'execute' | undefined
  /** Chunks, to be written one after the other. */
  readonly notebook: readonly Uint8Array[]
}

export type FillIn = (caller: Caller, notebookId: string, request: RunRequest) => Promise<FilledNotebook>

/**
 * The way of a link: notebook and inputs schema → typed parameters → workspace → injected notebook. Nothing is written.
 * The function throws every RunnerError of its parts; all faults of the parameters come at once.
 */
export function fillInWith(parts: {
  readonly catalog: Catalog
  readonly storage: Storage
  readonly reserved: ReservedPolicy
}): FillIn {
  const { catalog, storage, reserved } = parts
  return async (caller, notebookId, request) => {
    const { controls, faults: asked, parse } = readRequest(request)
    const { entry, inputs, template: own, version } = await catalog.offer(notebookId)
    const { kernel } = controls
    const faults = [...asked, ...kernelFaults(kernel, own.language)]
    const parameters = withFaults(faults, () => parse(linkInputs(inputs)))
    const template = kernel === undefined ? own : withKernel(own, kernel)
    const workspace = chooseWorkspace(caller, controls.workspace)
    const id = randomUUIDv7()
    const object = storage.locate({ workspace, user: caller.user }, notebookId, id)
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
    const { kernelName } = template
    return {
      scope: { issuer: caller.issuer, subject: caller.subject, user: caller.user, workspace },
      run: { id, notebookId, notebookVersion: version, parameters: values, kernelName, object },
      mode: controls.mode ?? entry.mode,
      notebook,
    }
  }
}

interface Asked {
  readonly controls: LinkControls
  readonly faults: readonly ParameterFault[]
  /** Typed by the schema. Throws `invalid-parameters`. */
  readonly parse: (schema: InputsSchema) => ReadonlyMap<string, JsonValue>
}

/** A body says in members of its own what a link says in control parameters. */
function readRequest(request: RunRequest): Asked {
  if (request.kind === 'query') {
    const { controls, inputs, faults } = readLink(request.pairs)
    const open = inputs.filter(([name]) => !isReserved(name))
    const reserved = inputs.filter(([name]) => isReserved(name))
    return {
      controls,
      // Each name once, however often it is given.
      faults: [...faults, ...[...new Map(reserved)].map(([name, received]) => reservedFault(name, received))],
      parse: (schema) => parseQuery(schema, open),
    }
  }
  const { workspace, kernel, values } = request
  const open = new Map([...values].filter(([name]) => !isReserved(name)))
  return {
    controls: { mode: undefined, workspace, kernel },
    faults: [...values.keys()].filter(isReserved).map((name) => reservedFault(name)),
    parse: (schema) => parseValues(schema, open),
  }
}

function reservedFault(name: string, received?: string): ParameterFault {
  const message = `${name} is set by the platform and by no link.`
  return { name, fault: 'reserved', message, ...(received !== undefined && { received: cut(received, 200) }) }
}

/** A kernel of another language could not read what is injected, nor the notebook itself. */
function kernelFaults(kernel: string | undefined, notebookLanguage: string): readonly ParameterFault[] {
  if (kernel === undefined) return []
  const base = { name: '_kernel', fault: 'invalid', received: cut(kernel, 200) } as const
  if (!/^[A-Za-z0-9._-]{1,100}$/.test(kernel)) {
    return [{ ...base, message: '_kernel must be the name of a kernel, such as python3.' }]
  }
  const language = languageOfKernel(kernel)
  if (language === undefined || language.toLowerCase() === notebookLanguage.toLowerCase()) return []
  const message = `_kernel: ${kernel} is a kernel for ${language}, and this notebook is in ${notebookLanguage}.`
  return [{ ...base, message, expected: `a kernel for ${notebookLanguage}` }]
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
