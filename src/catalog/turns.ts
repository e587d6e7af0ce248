/** Lets so many pieces of work go on at once; the others wait for their turn. */
export class Turns {
  #free: number
  readonly #waiting: Array<() => void> = []

  constructor(atOnce: number) {
    this.#free = atOnce
  }

  /** Throws what `work` throws. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free += 1
      else next()
    }
  }
}
