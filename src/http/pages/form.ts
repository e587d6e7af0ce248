import { randomUUID } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { html } from 'ghtml'
import type { ParameterFault } from '../../errors.ts'
import { schemaTypeText } from '../../notebook/input-text.ts'
import type { InputSchema, InputsSchema } from '../../notebook/inputs-schema.ts'
import { sweptInputs } from '../../run/link.ts'
import type { Services } from '../services.ts'
import { page, rootOf } from './layout.ts'

export interface FormView {
  readonly id: string
  readonly title: string
  readonly description: string
  readonly inputs: InputsSchema
  /** Its entry in the catalogue says that links to it execute. */
  readonly executes: boolean
  readonly workspaces: readonly string[]
  /** What the link already says, as text. */
  readonly given: URLSearchParams
  readonly faults: readonly ParameterFault[]
  /** Query of an example link. */
  readonly example: string | undefined
  /** What its buttons do. */
  readonly modes: 'prepare' | 'execute' | 'both'
  /** A sentence above the form, such as why it is shown. */
  readonly notice?: string
}

/** Where there are kernels, a form offers both. */
export const modesOf = ({ acceptRun }: Services): FormView['modes'] =>
  acceptRun === undefined ? 'prepare' : 'both'

/** One notebook: what it takes, as a form whose buttons follow the run link or execute it. */
export function formPage(request: FastifyRequest, view: FormView): string {
  const root = rootOf(request)
  const shown = new Set([...Object.keys(view.inputs.properties), '_workspace'])
  const elsewhere = view.faults
    .filter((fault) => !shown.has(fault.name))
    .map((fault) => html`<li>${fault.message}</li>`)
  const fields = Object.entries(view.inputs.properties).map(([name, schema]) => field(view, name, schema))
  if (view.workspaces.length > 1) fields.push(workspaceField(view))
  const example =
    view.example === undefined
      ? ''
      : html`<p><a href="${root}processes/${encodeURIComponent(view.id)}?${view.example}">Fill in the example</a></p>`
  return page(
    request,
    view.title,
    html`<h1>${view.title}</h1>
<p>${view.description}</p>
!${view.notice === undefined ? '' : html`<p class="notice" role="status">${view.notice}</p>`}
!${elsewhere.length === 0 ? '' : `<ul class="faults" role="alert">${elsewhere.join('')}</ul>`}
!${example}
<form method="get" action="${root}run/notebook/${encodeURIComponent(view.id)}" id="run-form">
!${fields.join('\n')}
!${hidden(view)}
<div class="buttons">!${buttons(root, view)}</div>
</form>
<h2>The link</h2>
<p class="quiet">Whoever follows this link gets the notebook with these parameters, in their own workspace.</p>
<div class="link"><output id="run-link" for="run-form"></output><button type="button" class="second" id="copy-link">Copy</button></div>
<script src="${root}assets/form.js" defer></script>
!${view.modes === 'prepare' ? '' : html`<script src="${root}assets/execute.js" type="module"></script>`}`,
  )
}

/** Control parameters of the link that are no fields stay part of it. */
function hidden({ modes, given }: FormView): string {
  const kernel = given.get('_kernel')
  const kept = [
    ...sweptInputs(given).map((name) => ['_each', name]),
    ...(kernel ? [['_kernel', kernel]] : []),
    ...(modes === 'execute' ? [['_mode', 'execute']] : []),
  ]
  return kept.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`).join('')
}

/**
 * Without its script, Run leads to the page that asks for one click more; with it, the click POSTs at once. The key is
 * made with the page, so that a click that is repeated is the same run.
 */
function buttons(root: string, { id, modes, executes }: FormView): string {
  const execution = `${root}processes/${encodeURIComponent(id)}/execution`
  const run = html`<button id="run-button"!${modes === 'both' ? ' name="_mode" value="execute"' : ''} data-execution="${execution}" data-jobs="${root}jobs/" data-batches="${root}batches/" data-key="${randomUUID()}">Run</button>`
  // A notebook that is executed unless told otherwise is told otherwise.
  const open = html`<button!${executes ? ' name="_mode" value="prepare"' : ''}!${modes === 'both' ? ' class="second"' : ''}>Open in JupyterLab</button>`
  return modes === 'prepare' ? open : modes === 'execute' ? run : `${run}\n${open}`
}

function field(view: FormView, name: string, schema: InputSchema): string {
  const required = view.inputs.required.includes(name)
  const fault = view.faults.find((one) => one.name === name)
  const swept = sweptInputs(view.given).includes(name)
  const described = fault === undefined ? `${name}-help` : `${name}-help ${name}-fault`
  const attributes = html`id="${name}" name="${name}" aria-describedby="${described}"!${
    fault === undefined ? '' : ' aria-invalid="true"'
  }!${required ? ' aria-required="true"' : ''}`
  return html`<div class="field">
<label for="${name}">${schema.title ?? name}!${required ? '' : ' <span class="quiet">(optional)</span>'}</label>
<p class="help" id="${name}-help">!${schema.description === undefined ? '' : html`${schema.description}<br>`}Expected: ${schemaTypeText(schema)}!${swept ? '; one run for each of several values' : separator(schema)}.</p>
!${swept ? sweptControls(view, name, attributes) : control(schema, attributes, shownValue(view, name, schema), required)}
!${fault === undefined ? '' : html`<p class="fault" id="${name}-fault">${fault.message}</p>`}
</div>`
}

/** A bounding box says so by itself; of lists of objects a link has JSON. */
function separator({ type, format, items }: InputSchema): string {
  const commas = type === 'array' && format === undefined && items?.type !== 'object'
  return commas ? ', with commas between them' : ''
}

function control(schema: InputSchema, attributes: string, value: string, required: boolean): string {
  const choices = schema.enum?.map(textOf) ?? (schema.type === 'boolean' ? ['true', 'false'] : undefined)
  if (choices !== undefined) {
    const options = (required ? choices : ['', ...choices]).map((choice) => option(choice, value))
    return html`<select !${attributes}>!${options.join('')}</select>`
  }
  if (schema.format === 'geojson' || schema.type === 'object')
    return html`<textarea !${attributes}>${value}</textarea>`
  const type = schema.format === 'date' ? 'date' : 'text'
  const placeholder = schema.format === 'bbox' ? 'minx,miny,maxx,maxy' : textOf(schema.examples?.[0])
  return html`<input !${attributes} type="${type}" value="${value}" placeholder="${placeholder}" autocomplete="off">`
}

/** The texts of the link as they are: commas and ranges are no value that another control could show. */
function sweptControls({ given }: FormView, name: string, attributes: string): string {
  const [first = '', ...others] = given.getAll(name).filter((text) => text !== '')
  const more = others.map(
    (text) => html`<input name="${name}" aria-label="${name}" value="${text}" autocomplete="off">`,
  )
  return html`<input !${attributes} value="${first}" autocomplete="off">!${more.join('')}`
}

function workspaceField(view: FormView): string {
  const chosen = view.given.get('_workspace') ?? ''
  const options = ['', ...view.workspaces].map((name) => option(name, chosen))
  return html`<div class="field">
<label for="_workspace">Workspace</label>
<select id="_workspace" name="_workspace" required>!${options.join('')}</select>
</div>`
}

const option = (choice: string, chosen: string): string =>
  html`<option!${choice === chosen ? ' selected' : ''} value="${choice}">${choice === '' ? '—' : choice}</option>`

/** What the link says, else the default; a list as the comma list that a link takes. */
function shownValue(view: FormView, name: string, schema: InputSchema): string {
  const given = view.given.getAll(name)
  return given.length > 0 ? given.join(',') : textOf(schema.default)
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object'))
    return value.map(String).join(',')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
