import { v7 as uuidv7 } from 'uuid'
import type { Catalog, Offer } from '../catalog/catalog.ts'
import type { TemplateLocation } from '../catalog/entry.ts'
import type { ParameterFault } from '../errors.ts'
import { type Caller, grantOf, type Scope } from '../identity/caller.ts'
import { chooseWorkspace } from '../identity/workspace.ts'
import { parseQuery, parseValues } from '../notebook/input-values.ts'
import type { InputsSchema } from '../notebook/inputs-schema.ts'
import type { JsonObject, JsonValue } from '../notebook/json.ts'
import { languageOfKernel } from '../notebook/kernel-language.ts'
import { cut } from '../notebook/misfit.ts'
import { prepareNotebook } from '../notebook/prepare.ts'
import { type Sweep, sweepQuery, sweepValues } from '../notebook/sweep.ts'
import { withKernel } from '../notebook/template.ts'
import type { Storage, StoredObject } from '../storage/storage.ts'
import { inSpan } from '../tracing/in-span.ts'
import type { Tracing } from '../tracing/tracing.ts'
import { type ChosenLimits, type LimitChoice, limitsOfBody, limitsOfLink } from './limits.ts'
import { type LinkControls, readLink, sweptInputs, withFaults } from './link.ts'
import { isReserved, linkInputs, type ReservedPolicy, reservedValues } from './reserved-inputs.ts'
import type { NewRun, RunLimits } from './run.ts'

type Pair = readonly [string, string]

/** What a caller asks for: the query of a link, control parameters among it, or the values of a JSON body. */
export type RunRequest =
  | { readonly kind: 'query'; readonly pairs: Iterable<Pair> }
  | {
      readonly kind: 'values'
      readonly values: JsonObject
      readonly workspace?: string | undefined
      readonly kernel?: string | undefined
      /** A list of values for each input of a sweep. */
      readonly each?: JsonObject | undefined
      /** Numbers, by the names of `RunLimits`. */
      readonly limits?: JsonObject | undefined
    }

/** Whether several runs are asked for. */
export const isSweep = (request: RunRequest): boolean =>
  request.kind === 'query' ? sweptInputs(request.pairs).length > 0 : (request.each?.size ?? 0) > 0

/** A notebook with its parameters in it, not stored yet, and the run that it is for. */
interface FilledNotebook {
  readonly scope: Scope
  readonly run: NewRun
  /** What the link, or else the catalogue's entry, asks for. */
  readonly mode: 'prepare' | 'execute' | undefined
  /** The usual ones with those that were chosen in their place; empty where nothing is executed. */
  readonly limits: RunLimits
  /** Chunks, to be written one after the other. */
  readonly notebook: readonly Uint8Array[]
}

export type FillIn = (caller: Caller, notebookId: string, request: RunRequest) => Promise<FilledNotebook>

/** A sweep with a notebook for each of its runs, made one after the other as they are asked for. */
interface FilledSweep {
  readonly scope: Scope
  readonly each: readonly string[]
  /** How many notebooks there are. */
  readonly count: number
  /** What was chosen for each of them. */
  readonly chosen: RunLimits
  readonly notebooks: () => Iterable<FilledNotebook>
}

/** @param max the most runs that a sweep may have */
export type FillSweep = (
  caller: Caller,
  notebookId: string,
  request: RunRequest,
  max: number,
) => Promise<FilledSweep>

interface FillParts {
  readonly catalog: Catalog
  readonly storage: Storage
  readonly reserved: ReservedPolicy
  readonly tracing: Tracing | undefined
  /** Undefined where what is filled in is not executed. */
  readonly limits: LimitChoice | undefined
}

/**
 * The way of a link: notebook and inputs schema → typed parameters → workspace → injected notebook. Nothing is written.
 * The function throws every RunnerError of its parts; all faults of the parameters come at once.
 */
export function fillInWith(parts: FillParts): FillIn {
  return async (caller, notebookId, request) => {
    const asked = readRequest(request)
    const offer = await offerOf(parts, notebookId)
    const { each } = asked.controls
    const chosen = asked.limits(parts.limits?.most)
    const faults = [
      ...asked.faults,
      ...chosen.faults,
      ...kernelFaults(asked, offer),
      ...(each.length > 0 ? [sweepFault(each)] : []),
    ]
    // The values of a sweep are no values of one run.
    const parse = () => (each.length > 0 ? new Map() : asked.parse(linkInputs(offer.inputs)))
    const parameters = inSpan(parts.tracing, 'link', () => withFaults(faults, parse))
    const said = { controls: asked.controls, chosen: chosen.limits, parameters }
    return inSpan(parts.tracing, 'fill in', () => filled(parts, caller, offer, said))
  }
}

/** The same for a request that is a sweep, with the faults of all its values. */
export function fillSweepWith(parts: FillParts): FillSweep {
  return async (caller, notebookId, request, max) => {
    const asked = readRequest(request)
    const offer = await offerOf(parts, notebookId)
    const { limits: chosen, faults: wrong } = asked.limits(parts.limits?.most)
    const faults = [...asked.faults, ...wrong, ...kernelFaults(asked, offer)]
    const { each, runs } = inSpan(parts.tracing, 'link', () =>
      withFaults(faults, () => asked.parseSweep(linkInputs(offer.inputs), max)),
    )
    const { controls } = asked
    return {
      scope: scopeOf(caller, chooseWorkspace(caller, controls.workspace)),
      each,
      count: runs.length,
      chosen,
      *notebooks() {
        for (const parameters of runs) yield filled(parts, caller, offer, { controls, chosen, parameters })
      },
    }
  }
}

const offerOf = ({ catalog, tracing }: FillParts, notebookId: string): Promise<Offer> =>
  inSpan(tracing, 'template', () => catalog.offer(notebookId))

/** What a request says, once it is read. */
interface Said {
  readonly controls: LinkControls
  readonly chosen: RunLimits
  readonly parameters: ReadonlyMap<string, JsonValue>
}

function filled(
  { storage, reserved, limits }: FillParts,
  caller: Caller,
  { entry, inputs, template: own, version }: Offer,
  { controls, chosen, parameters }: Said,
): FilledNotebook {
  const template = controls.kernel === undefined ? own : withKernel(own, controls.kernel)
  const workspace = chooseWorkspace(caller, controls.workspace)
  // By the library and not by Node: its ids of one process ascend within a millisecond too, as those of a sweep must.
  const id = uuidv7()
  const object = storage.locate({ workspace, user: caller.user }, entry.id, id)
  const bucket = storage.kind === 's3' ? object.bucket : `workspace-${workspace}`
  const values = new Map([...parameters, ...reservedValues(reserved, inputs, { caller, workspace, bucket })])
  const notebook = prepareNotebook(template, {
    parameters: values,
    inputPath: pathOf(entry.template),
    outputPath: outputPathOf(storage, object),
    // The random end of the run's id: as unique, and no second draw.
    cellId: id.slice(-8),
  })
  const { kernelName } = template
  return {
    scope: scopeOf(caller, workspace),
    run: { id, notebookId: entry.id, notebookVersion: version, parameters: values, kernelName, object },
    mode: controls.mode ?? entry.mode,
    limits: { ...limits?.usual, ...chosen },
    notebook,
  }
}

const scopeOf = (caller: Caller, workspace: string): Scope => ({
  issuer: caller.issuer,
  subject: caller.subject,
  user: caller.user,
  workspace,
  ...grantOf(caller),
})

/** What a notebook says of where it is stored. */
export const outputPathOf = ({ kind }: Storage, { bucket, key }: StoredObject): string =>
  kind === 's3' ? `s3://${bucket}/${key}` : key

function sweepFault(each: readonly string[]): ParameterFault {
  return {
    name: '_each',
    fault: 'invalid',
    message: '_each makes several runs, which are executed and not prepared: it needs _mode=execute.',
    received: cut(each.join(','), 200),
  }
}

interface Asked {
  readonly controls: LinkControls
  readonly faults: readonly ParameterFault[]
  /** Typed by the schema. Throws `invalid-parameters`. */
  readonly parse: (schema: InputsSchema) => ReadonlyMap<string, JsonValue>
  readonly parseSweep: (schema: InputsSchema, max: number) => Sweep
  readonly limits: (most: RunLimits | undefined) => ChosenLimits
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
      parseSweep: (schema, max) => sweepQuery(schema, open, controls.each, max),
      limits: (most) => limitsOfLink(controls.limits, most),
    }
  }
  const { workspace, kernel, values, each = new Map(), limits = new Map() } = request
  const open = new Map([...values].filter(([name]) => !isReserved(name)))
  return {
    controls: { mode: undefined, workspace, kernel, each: [...each.keys()], limits: new Map() },
    faults: [...values.keys()].filter(isReserved).map((name) => reservedFault(name)),
    parse: (schema) => parseValues(schema, open),
    parseSweep: (schema, max) => sweepValues(schema, open, each, max),
    limits: (most) => limitsOfBody(limits, most),
  }
}

function reservedFault(name: string, received?: string): ParameterFault {
  const message = `${name} is set by the platform and by no link.`
  return { name, fault: 'reserved', message, ...(received !== undefined && { received: cut(received, 200) }) }
}

/** A kernel of another language could not read what is injected, nor the notebook itself. */
function kernelFaults({ controls: { kernel } }: Asked, { template }: Offer): readonly ParameterFault[] {
  const notebookLanguage = template.language
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
