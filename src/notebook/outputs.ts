import type { JsonObject, JsonValue } from './json.ts'
import { type ListChange, OutputList } from './output-list.ts'
import type { StreamText } from './stream-text.ts'
import { WidgetStates } from './widget-states.ts'

/**
 * One small change of what a cell has brought about. Who makes all changes of a run in their order has its outputs,
 * its widgets and its times.
 */
export type OutputChange =
  | ListChange
  /** A widget is made or changed: the members of its state that are new, and its binary parts in base64. */
  | {
      readonly type: 'widget'
      readonly model: string
      readonly state: JsonObject
      readonly buffers: readonly JsonObject[]
    }
  /** Output that an Output widget shows in the place of the cell. */
  | { readonly type: 'captured'; readonly model: string; readonly change: ListChange }
  /** `metadata.execution` of the cell: when the kernel said what. */
  | { readonly type: 'times'; readonly times: JsonObject }

/** What all cells of a run have brought about, made of changes: by `OutputReader` as it runs, or by who replays them. */
export class RunOutputs {
  readonly widgets = new WidgetStates()
  readonly #cells = new Map<number, OutputList>()
  readonly #times = new Map<number, JsonObject>()
  /** In which cells a display id was shown. */
  readonly #displays = new Map<string, Set<number>>()
  #bytes = 0

  /** About what everything takes in the file. */
  get bytes(): number {
    return this.#bytes + this.widgets.bytes
  }

  /** As `OutputList.outputs`. */
  outputs(cell: number, textOf?: (text: StreamText) => JsonValue): JsonObject[] {
    return this.#list(cell).outputs(textOf)
  }

  /** Those of the cell's outputs that are no stream, as nbformat has them. */
  shows(cell: number): JsonObject[] {
    return this.#list(cell).shows()
  }

  /** About what the cell's outputs take in the file. */
  cellBytes(cell: number): number {
    return this.#list(cell).bytes
  }

  length(cell: number): number {
    return this.#list(cell).length
  }

  times(cell: number): JsonObject | undefined {
    return this.#times.get(cell)
  }

  /** Where a display id is shown now. */
  shown(displayId: string): { readonly cell: number; readonly index: number; readonly output: JsonObject }[] {
    return [...(this.#displays.get(displayId) ?? [])].flatMap((cell) => {
      const list = this.#list(cell)
      return list.shown(displayId).flatMap((index) => {
        const output = list.at(index)
        return output === undefined ? [] : [{ cell, index, output }]
      })
    })
  }

  apply(cell: number, change: OutputChange): void {
    switch (change.type) {
      case 'widget':
        this.widgets.update(change)
        break
      case 'captured':
        this.widgets.capture(change.model, (list) => list.apply(change.change))
        break
      case 'times':
        this.#times.set(cell, change.times)
        break
      default:
        if (change.type === 'append' && change.displayId !== undefined) {
          const cells = this.#displays.get(change.displayId) ?? new Set()
          this.#displays.set(change.displayId, cells.add(cell))
        }
        this.#counted(cell, (list) => list.apply(change))
    }
  }

  /** As `OutputList.write`, for the outputs of a cell. */
  write(cell: number, name: JsonValue, printed: string, room: number): ReturnType<OutputList['write']> {
    return this.#counted(cell, (list) => list.write(name, printed, room))
  }

  #counted<Result>(cell: number, change: (list: OutputList) => Result): Result {
    const list = this.#list(cell)
    const before = list.bytes
    const result = change(list)
    this.#bytes += list.bytes - before
    return result
  }

  #list(cell: number): OutputList {
    const found = this.#cells.get(cell) ?? new OutputList()
    this.#cells.set(cell, found)
    return found
  }
}
