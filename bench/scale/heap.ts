/** A binary heap of a fixed number of numbers, in the array that it is given, which must be sorted (all zero is). */
export class Heap {
  readonly #values: Float64Array

  constructor(values: Float64Array) {
    this.#values = values
  }

  get least(): number {
    return this.#values[0] ?? 0
  }

  replaceLeast(value: number): void {
    const values = this.#values
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      const right = left + 1
      const child = (values[right] ?? Infinity) < (values[left] ?? Infinity) ? right : left
      const smallest = values[child] ?? Infinity
      if (smallest >= value) break
      values[at] = smallest
      at = child
    }
    values[at] = value
  }
}
