interface Found {
  /** Scripts, or pages in the page. */
  readonly active: boolean
  /** Names of the hosts from which something would have been loaded. */
  readonly hosts: readonly string[]
}

const ACTIVE: ReadonlySet<string> = new Set([
  'SCRIPT',
  'IFRAME',
  'FRAME',
  'OBJECT',
  'EMBED',
  'PORTAL',
  'FENCEDFRAME',
])

/** What outputs would do and may not, for people to know that something is missing. */
export class HeldBack {
  readonly #tell: (found: Found) => void
  readonly #hosts = new Set<string>()
  #active = false

  constructor(tell: (found: Found) => void) {
    this.#tell = tell
  }

  /** An element that was taken out. */
  removed(element: Element): void {
    if (ACTIVE.has(element.tagName.toUpperCase())) this.#active = true
    for (const name of ['src', 'href', 'data']) this.#address(element.getAttribute(name))
    // Pages in pages name their scripts and styles in a text.
    for (const [, address] of (element.getAttribute('srcdoc') ?? '').matchAll(
      /(?:src|href)="(https?:[^"]+)"/g,
    ))
      this.#address(address)
    this.#changed()
  }

  /** Something that the policy of the document has stopped. */
  violation({ blockedURI }: SecurityPolicyViolationEvent): void {
    this.#address(blockedURI)
    this.#changed()
  }

  #address(address: string | null | undefined): void {
    const url = address === null || address === undefined ? null : URL.parse(address)
    if (url !== null && url.host !== '') this.#hosts.add(url.host)
  }

  #changed(): void {
    if (this.#active || this.#hosts.size > 0) this.#tell({ active: this.#active, hosts: [...this.#hosts] })
  }
}
