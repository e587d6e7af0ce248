import { RunnerError } from '../errors.ts'
import { isObject, type JsonObject } from '../notebook/json.ts'
import type { CatalogEntry } from './entry.ts'
import { kernelName, objectField, textField, textsField } from './entry-fields.ts'
import { inputsOf } from './input-spec.ts'
import { type CatalogueBase, templateLocation } from './template-location.ts'

/** Links to the notebook itself, best first. */
const TEMPLATE_RELATIONS = ['template', 'application', 'enclosure'] as const

/**
 * What the platform's well-known variables hold, whatever type their record says: it says `string` or `raster`, and
 * the notebooks read an AOI from the text of a GeoJSON Feature. Types that say more than that stay.
 */
const VARIABLES: ReadonlyMap<string, string> = new Map([
  ['STAC_ITEM_LINK', 'stac-item'],
  ['STAC_COLLECTION_NAME', 'text'],
  ['AOI', 'geojson'],
])
const PRECISE_TYPES: ReadonlySet<string> = new Set(['bbox', 'date', 'number', 'boolean'])

/** A record of OGC API – Records, as the platform's newer catalogue has them; undefined where it is a workflow. */
export function recordEntry(record: JsonObject, base: CatalogueBase): Omit<CatalogEntry, 'id'> | undefined {
  const properties = objectField(record, 'properties')
  if (properties === undefined) throw new RunnerError('broken-entry', 'The record has no "properties".')
  if ((properties.get('type') ?? 'notebook') !== 'notebook') return undefined
  const link = templateLink(record)
  const parameters = properties.get('inputParameters') ?? undefined
  const kernel = [
    objectField(link, 'jupyter:kernel'),
    objectField(properties, 'jupyter:kernel'),
    objectField(properties, 'jupyter_kernel_info'),
  ].find((info) => info !== undefined)
  const inputs = parameters === undefined ? undefined : inputsOf(parameters, new Map(), typeOfVariable)
  return {
    title: textField(properties, 'title') ?? textField(record, 'id') ?? '',
    description: textField(properties, 'description') ?? '',
    template: templateLocation(textField(link, 'href') ?? '', base),
    ...kernelName(kernel && textField(kernel, 'name')),
    collections: textsField(properties, 'applicableCollections'),
    ...(inputs !== undefined && { inputs }),
  }
}

function templateLink(record: JsonObject): JsonObject {
  const links = record.get('links')
  const objects = Array.isArray(links) ? links.filter(isObject) : []
  for (const relation of TEMPLATE_RELATIONS) {
    const link = objects.find((candidate) => candidate.get('rel') === relation)
    if (link !== undefined) return link
  }
  throw new RunnerError(
    'broken-entry',
    `The record has no link of relation ${TEMPLATE_RELATIONS.join(', ')}.`,
  )
}

function typeOfVariable(name: string, spec: JsonObject): string {
  const type = textField(spec, 'type') ?? 'text'
  return PRECISE_TYPES.has(type) ? type : (VARIABLES.get(textField(spec, 'variableRef') ?? name) ?? type)
}
