import type { Catalog } from '../catalog/catalog.ts'
import type { CatalogEntry } from '../catalog/entry.ts'
import { RunnerError } from '../errors.ts'
import { translatorFor } from '../notebook/inject/translator.ts'
import { inputsFromCell } from '../notebook/parameters-cell.ts'
import { withCatalogue } from './open-catalogue.ts'
import { print } from './print.ts'
import { textTable } from './text-table.ts'

interface Finding {
  readonly kind: 'broken' | 'warning'
  readonly what: string
}

/**
 * `notebook-runner validate`: every entry with everything that is wrong with it. Throws `broken-entry`
 * where any is broken, and what `withCatalogue` throws.
 */
export async function validate(where: string, options: { readonly notebooks?: boolean }): Promise<void> {
  await withCatalogue(where, async (catalog) => {
    const { entries, broken } = catalog.list()
    const rows = broken.map(({ id, reason }) => ['broken', id, reason])
    for (const entry of entries) {
      const findings = options.notebooks ? await findingsOf(catalog, entry) : []
      if (findings.length === 0) rows.push(['ok', entry.id, ''])
      else for (const { kind, what } of findings) rows.push([kind, entry.id, what])
    }
    await print(
      rows.length === 0 ? 'The catalogue is empty.\n' : textTable(['Result', 'Notebook', 'Why'], rows),
    )
    const bad = new Set(rows.filter(([kind]) => kind === 'broken').map(([, id]) => id))
    if (bad.size > 0) {
      const all = entries.length + broken.length
      throw new RunnerError(
        'broken-entry',
        `${bad.size} of ${all} entries cannot be used: ${[...bad].join(', ')}.`,
      )
    }
  })
}

async function findingsOf(catalog: Catalog, entry: CatalogEntry): Promise<Finding[]> {
  if (entry.template.kind === 's3') {
    return [
      { kind: 'warning', what: 'Its notebook is in S3, which only the service can read: not looked at.' },
    ]
  }
  try {
    const { inputs, template } = await catalog.offer(entry.id)
    const names = Object.keys(inputs.properties)
    const { kernelName, language } = template
    return [
      ...template.warnings.map((what): Finding => ({ kind: 'warning', what })),
      ...(kernelName === undefined ? [warning('Neither it nor its notebook names a kernel.')] : []),
      ...(names.length === 0 ? [] : faultyNames(names, kernelName, language)),
      ...undeclaredNames(names, template.parametersCell, language),
    ]
  } catch (error) {
    if (error instanceof RunnerError) return [{ kind: 'broken', what: error.message }]
    throw error
  }
}

/** Names that no variable of the notebook's language can have. Throws `unsupported-language`. */
function faultyNames(names: readonly string[], kernelName: string | undefined, language: string): Finding[] {
  const translator = translatorFor({ kernelName, language })
  return names
    .filter((name) => !translator.isName(name))
    .map((name) => ({
      kind: 'broken',
      what: `"${name}" cannot be the name of a variable in ${translator.language}.`,
    }))
}

/** What the catalogue offers and the notebook doesn't mention is mistyped in one of them, mostly. */
function undeclaredNames(names: readonly string[], cell: string | undefined, language: string): Finding[] {
  const declared = cell === undefined ? {} : inputsFromCell(cell, language).properties
  if (Object.keys(declared).length === 0) return []
  return names
    .filter((name) => !Object.hasOwn(declared, name))
    .map((name) => warning(`"${name}" is not in the parameters cell of its notebook.`))
}

function warning(what: string): Finding {
  return { kind: 'warning', what }
}
