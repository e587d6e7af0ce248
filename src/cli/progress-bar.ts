/** How far an execution is, on one line of a terminal that is written again and again. */
export class ProgressBar {
  readonly #total: number
  readonly #write: (text: string) => void
  readonly #begun = performance.now()
  #done = 0
  readonly #timer: NodeJS.Timeout

  /** @param total code cells that will run */
  constructor(total: number, write: (text: string) => void) {
    this.#total = total
    this.#write = write
    this.#timer = setInterval(() => this.#draw(), 1_000).unref()
    this.#draw()
  }

  advance(): void {
    this.#done += 1
    this.#draw()
  }

  /** Leaves the last state standing. */
  end(): void {
    clearInterval(this.#timer)
    this.#draw()
    this.#write('\n')
  }

  #draw(): void {
    const seconds = (performance.now() - this.#begun) / 1000
    const filled = this.#total === 0 ? WIDTH : Math.round((WIDTH * this.#done) / this.#total)
    const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled)
    const left =
      this.#done === 0 || this.#done === this.#total
        ? ''
        : `, about ${Math.ceil((seconds / this.#done) * (this.#total - this.#done))} s left`
    this.#write(
      `\rExecuting ${bar} ${this.#done}/${this.#total} cells, ${Math.floor(seconds)} s${left}\u001b[K`,
    )
  }
}

const WIDTH = 24
