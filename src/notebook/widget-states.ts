import { isObject, JsonNumber, type JsonObject, type JsonValue } from './json.ts'
import { OutputList } from './output-list.ts'
import { jsonBytes } from './text-bytes.ts'

interface Widget {
  readonly state: JsonObject
  /** By the path in the state that they belong to. */
  readonly buffers: Map<string, JsonObject>
  /** What an Output widget was given to show in the place of a cell. */
  readonly captured: OutputList
  /** The last word on what it shows was output of a cell, not the kernel's own state. */
  showsCaptured: boolean
}

/** The state of the run's widgets, as `metadata.widgets` keeps it (format 2.0), so that a viewer can show them. */
export class WidgetStates {
  readonly #widgets = new Map<string, Widget>()
  #bytes = 0

  /** About what the states take in the file. */
  get bytes(): number {
    return this.#bytes
  }

  update(change: {
    readonly model: string
    readonly state: JsonObject
    readonly buffers: readonly JsonObject[]
  }): void {
    const widget = this.#widget(change.model)
    const { state, buffers } = widget
    if (change.state.has('outputs')) widget.showsCaptured = false
    for (const [key, value] of change.state) {
      this.#bytes += jsonBytes(value) - jsonBytes(state.get(key) ?? null)
      state.set(key, value)
    }
    for (const buffer of change.buffers) {
      const path = pathOf(buffer)
      this.#bytes += jsonBytes(buffer) - jsonBytes(buffers.get(path) ?? null)
      buffers.set(path, buffer)
    }
  }

  /** Changes what an Output widget shows. */
  capture<Result>(model: string, change: (list: OutputList) => Result): Result {
    const widget = this.#widget(model)
    const { captured } = widget
    widget.showsCaptured = true
    const before = captured.bytes
    const result = change(captured)
    this.#bytes += captured.bytes - before
    return result
  }

  /** `metadata.widgets`; undefined where the run made no widgets. */
  metadata(): JsonObject | undefined {
    if (this.#widgets.size === 0) return undefined
    const models = [...this.#widgets].filter(([, { state }]) => state.has('_model_name'))
    const document = new Map<string, JsonValue>([
      ['state', new Map(models.map(([model, widget]) => [model, modelOf(widget)]))],
      ['version_major', new JsonNumber('2')],
      ['version_minor', new JsonNumber('0')],
    ])
    return new Map([['application/vnd.jupyter.widget-state+json', document]])
  }

  #widget(model: string): Widget {
    const found = this.#widgets.get(model) ?? {
      state: new Map(),
      buffers: new Map(),
      captured: new OutputList(),
      showsCaptured: false,
    }
    this.#widgets.set(model, found)
    return found
  }
}

function modelOf({ state, buffers, captured, showsCaptured }: Widget): JsonObject {
  const shown: JsonObject = new Map(state)
  if (showsCaptured) shown.set('outputs', captured.outputs())
  const model = new Map<string, JsonValue>([
    ['model_name', state.get('_model_name') ?? null],
    ['model_module', state.get('_model_module') ?? null],
    ['model_module_version', state.get('_model_module_version') ?? null],
    ['state', shown],
  ])
  if (buffers.size > 0) model.set('buffers', [...buffers.values()])
  return model
}

function pathOf(buffer: JsonObject): string {
  const path = buffer.get('path')
  const steps = Array.isArray(path) ? path : []
  return JSON.stringify(
    steps.map((step) => (step instanceof JsonNumber ? step.raw : isObject(step) ? '' : step)),
  )
}
