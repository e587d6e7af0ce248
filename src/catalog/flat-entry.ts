import { RunnerError } from '../errors.ts'
import type { JsonObject } from '../notebook/json.ts'
import type { CatalogEntry } from './entry.ts'
import { kernelName, textField, textsField } from './entry-fields.ts'
import { inputsOf } from './input-spec.ts'
import { type CatalogueBase, templateLocation } from './template-location.ts'

/**
 * An entry of the flat formats; undefined where it is a workflow. `title` was `label` once, and the notebook is named
 * by `file`, `path` or `url`. `kernel`, `mode` and `example` (the query of an example link) are ours.
 */
export function flatEntry(entry: JsonObject, base: CatalogueBase): Omit<CatalogEntry, 'id'> | undefined {
  if ((entry.get('type') ?? 'notebook') !== 'notebook') return undefined
  const link = textField(entry, 'file') ?? textField(entry, 'path') ?? textField(entry, 'url')
  if (link === undefined) {
    throw new RunnerError('broken-entry', 'It names no notebook: "file", "path" or "url" is expected.')
  }
  const spec = entry.get('inputSpec') ?? undefined
  const example = textField(entry, 'example')?.replace(/^\?/, '')
  const inputs = spec === undefined ? undefined : inputsOf(spec, entry)
  return {
    title: textField(entry, 'title') ?? textField(entry, 'label') ?? textField(entry, 'id') ?? '',
    description: textField(entry, 'description') ?? '',
    template: templateLocation(link, base),
    ...kernelName(textField(entry, 'kernel')),
    collections: textsField(entry, 'collections'),
    ...(example !== undefined && { example }),
    ...(inputs !== undefined && { inputs }),
    ...modeOf(textField(entry, 'mode')),
  }
}

function modeOf(mode: string | undefined): { readonly mode?: 'prepare' | 'execute' } {
  if (mode === undefined) return {}
  if (mode === 'prepare' || mode === 'execute') return { mode }
  throw new RunnerError('broken-entry', 'Its "mode" is neither "prepare" nor "execute".')
}
