import { isObject, type JsonObject } from './json.ts'

/**
 * Which Output widget takes the output of which request in the place of its cell (ipywidgets' `with Output():`), as
 * nbclient's OutputWidget does. What it took is not told to the kernel, whose own view of the widget stays as it was.
 */
export class OutputCaptures {
  /** Output widgets, and the request that each listens to. */
  readonly #listens = new Map<string, string>()
  /** By request: the last one to listen takes the output. */
  readonly #takers = new Map<string, string[]>()
  readonly #clearFirst = new Set<string>()

  modelFor(parentId: string | undefined): string | undefined {
    return parentId === undefined ? undefined : this.#takers.get(parentId)?.at(-1)
  }

  /** The next output clears what the widget shows. */
  clearFirst(model: string): void {
    this.#clearFirst.add(model)
  }

  takeClearFirst(model: string): boolean {
    return this.#clearFirst.delete(model)
  }

  /** Takes note of an Output widget that is made, or that begins or ends to listen. */
  read(type: string, content: JsonObject): void {
    const [model, data] = [content.get('comm_id'), content.get('data')]
    const state = isObject(data) ? data.get('state') : undefined
    if (typeof model !== 'string' || !isObject(state)) return
    if (type === 'comm_open') {
      const isOutput =
        state.get('_model_module') === '@jupyter-widgets/output' && state.get('_model_name') === 'OutputModel'
      if (isOutput && content.get('target_name') === 'jupyter.widget') this.#listens.set(model, '')
      return
    }
    const before = this.#listens.get(model)
    const request = state.get('msg_id')
    if (before === undefined || typeof request !== 'string') return
    this.#listens.set(model, request)
    if (request !== '') this.#takers.set(request, [...(this.#takers.get(request) ?? []), model])
    else this.#takers.get(before)?.pop()
  }
}
