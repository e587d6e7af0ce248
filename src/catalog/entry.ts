import type { InputsSchema } from '../notebook/inputs-schema.ts'

/** Where a notebook template comes from. `base` has been applied: nothing here is relative. */
export type TemplateLocation =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 's3'; readonly bucket: string; readonly key: string }

/** One notebook of the catalogue, whatever format it came in. */
export interface CatalogEntry {
  readonly id: string
  readonly title: string
  readonly description: string
  readonly template: TemplateLocation
  /** Kernel name that the entry asks for; the notebook's own `kernelspec` otherwise. */
  readonly kernel?: string
  readonly collections: readonly string[]
  /** Query string of an example link (local examples), without `?`. */
  readonly example?: string
  /** Absent: the inputs come from the notebook's `parameters` cell. */
  readonly inputs?: InputsSchema
  readonly mode?: 'prepare' | 'execute'
}

/** An entry that cannot be offered, and why, in a sentence. */
export interface BrokenEntry {
  readonly id: string
  readonly title?: string
  readonly reason: string
}
