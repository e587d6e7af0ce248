import { fromPlain, isObject, JsonNumber, type JsonObject, type JsonValue } from './json.ts'
import type { ListChange } from './output-list.ts'
import type { OutputChange } from './outputs.ts'

/** The change as JSON, to be recorded or sent; numbers stay as the kernel wrote them. */
export function changeToJson(change: OutputChange): JsonValue {
  return fromPlain(change)
}

/** The change of which `changeToJson` made this. Throws TypeError where it is none. */
export function changeFromJson(value: JsonValue): OutputChange {
  const object = objectIn(value)
  switch (object.get('type')) {
    case 'widget': {
      const buffers = object.get('buffers')
      return {
        type: 'widget',
        model: text(object, 'model'),
        state: objectIn(object.get('state')),
        buffers: Array.isArray(buffers) ? buffers.map(objectIn) : [],
      }
    }
    case 'captured':
      return {
        type: 'captured',
        model: text(object, 'model'),
        change: listChange(objectIn(object.get('change'))),
      }
    case 'times':
      return { type: 'times', times: objectIn(object.get('times')) }
    default:
      return listChange(object)
  }
}

function listChange(object: JsonObject): ListChange {
  switch (object.get('type')) {
    case 'append': {
      const output = objectIn(object.get('output'))
      return object.has('displayId')
        ? { type: 'append', output, displayId: text(object, 'displayId') }
        : { type: 'append', output }
    }
    case 'text':
      return { type: 'text', drop: count(object, 'drop'), text: text(object, 'text') }
    case 'replace':
      return { type: 'replace', index: count(object, 'index'), output: objectIn(object.get('output')) }
    case 'clear':
      return { type: 'clear' }
    default:
      throw new TypeError('This is no change of outputs')
  }
}

function objectIn(value: JsonValue | undefined): JsonObject {
  if (!isObject(value)) throw new TypeError('A change of outputs lacks an object')
  return value
}

function text(object: JsonObject, key: string): string {
  const value = object.get(key)
  if (typeof value !== 'string') throw new TypeError(`A change of outputs lacks its "${key}"`)
  return value
}

function count(object: JsonObject, key: string): number {
  const value = object.get(key)
  if (!(value instanceof JsonNumber)) throw new TypeError(`A change of outputs lacks its "${key}"`)
  return Number(value.raw)
}
