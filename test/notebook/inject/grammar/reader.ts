import type { Shown } from '../../../interpreters/shown.ts'

/** Reads a literal from its start to its end; throws at what the grammar has no word for. */
export class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  /** Takes what matches here, or nothing. */
  take(pattern: RegExp): string | undefined {
    const sticky = new RegExp(pattern.source, `${pattern.flags}y`)
    sticky.lastIndex = this.#at
    const found = sticky.exec(this.#text)?.[0]
    this.#at += found?.length ?? 0
    return found
  }

  /** Takes exactly this text, if it is here. */
  is(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }

  need(text: string): void {
    if (!this.is(text)) this.fail(`"${text}"`)
  }

  end(): void {
    if (this.#at !== this.#text.length) this.fail('the end')
  }

  fail(wanted: string): never {
    throw new Error(`${wanted} was expected at ${JSON.stringify(this.#text.slice(this.#at, this.#at + 40))}`)
  }

  /** Members between two brackets, parted by `, `. */
  members<T>(open: string, close: string, member: () => T): T[] {
    const all: T[] = []
    this.need(open)
    while (!this.is(close)) {
      if (all.length > 0) this.need(', ')
      all.push(member())
    }
    return all
  }
}

export function integer(digits: string | bigint): Shown {
  return { i: String(digits) }
}

export function float(value: number): Shown {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return { f: bytes.toString('hex') }
}

export function string(text: string): { readonly s: string } {
  const units = Array.from({ length: text.length }, (_, at) => text.charCodeAt(at))
  return { s: units.map((unit) => unit.toString(16).padStart(4, '0')).join('') }
}
