/** Passes bytes on, and remembers what goes wrong with where they come from: that is not the storage's fault. */
export class SourceGuard {
  #failure: { readonly reason: unknown } | undefined

  async *pass(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* content
    } catch (reason) {
      this.#failure = { reason }
      throw reason
    }
  }

  /** Why storing failed: what the source threw, where it did, whatever the storage made of it. */
  reasonOf(error: unknown): unknown {
    return this.#failure === undefined ? error : this.#failure.reason
  }
}
