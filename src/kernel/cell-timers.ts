import type { Moment } from '../notebook/executed.ts'
import type { ExecutionLimits } from './execution.ts'

/** Longer than this, a timer of Node ends at once. */
const MAX_MS = 2 ** 31 - 1

/** The limits of time of an execution: for the cell that the kernel is at, for silence, and for all. */
export class CellTimers implements Disposable {
  readonly #limits: Omit<ExecutionLimits, 'outputs'>
  readonly #late: (message: string) => void
  #run: NodeJS.Timeout | undefined
  #cell: NodeJS.Timeout | undefined
  #silence: NodeJS.Timeout | undefined
  #watched: number | undefined

  /** `late` is given a sentence for the person. */
  constructor(limits: Omit<ExecutionLimits, 'outputs'>, late: (message: string) => void) {
    this.#limits = limits
    this.#late = late
  }

  startRun(): void {
    const { runSeconds, runSince } = this.#limits
    const past = runSince === undefined ? 0 : Date.now() - runSince.getTime()
    this.#run = this.#timer(runSeconds, past, `The run took longer than ${runSeconds} s, its limit.`)
  }

  /** The kernel is at this cell, which it began at that time, or now. */
  watch(cell: number | undefined, since: Moment | undefined): void {
    if (cell === this.#watched) return
    this.#watched = cell
    clearTimeout(this.#cell)
    clearTimeout(this.#silence)
    if (cell === undefined) return
    const { cellSeconds, silentSeconds } = this.#limits
    const name = `Cell ${cell + 1}`
    const past = since === undefined ? 0 : Date.now() - since.getTime()
    this.#cell = this.#timer(
      cellSeconds,
      past,
      `${name} ran longer than ${cellSeconds} s, the limit for a cell.`,
    )
    this.#silence = this.#timer(
      silentSeconds,
      0,
      `${name} gave no sign for ${silentSeconds} s, the limit for a cell without output.`,
    )
  }

  /** The kernel gave a sign. */
  heard(): void {
    this.#silence?.refresh()
  }

  [Symbol.dispose](): void {
    for (const timer of [this.#run, this.#cell, this.#silence]) clearTimeout(timer)
  }

  #timer(seconds: number | undefined, pastMs: number, message: string): NodeJS.Timeout | undefined {
    if (seconds === undefined) return undefined
    const ms = Math.max(0, seconds * 1000 - pastMs)
    return ms > MAX_MS ? undefined : setTimeout(() => this.#late(message), ms)
  }
}
