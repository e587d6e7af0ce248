import { isObject, type JsonObject, type JsonValue } from './json.ts'

/** What a message of a comm changes of a widget's state; undefined where it carries none. */
export function widgetChange(
  content: JsonObject,
  buffers: readonly Uint8Array[],
):
  | {
      readonly type: 'widget'
      readonly model: string
      readonly state: JsonObject
      readonly buffers: readonly JsonObject[]
    }
  | undefined {
  const [model, data] = [content.get('comm_id'), content.get('data')]
  const state = isObject(data) ? data.get('state') : undefined
  if (typeof model !== 'string' || !isObject(data) || !isObject(state)) return undefined
  const paths = data.get('buffer_paths')
  const parts = (Array.isArray(paths) ? paths : []).flatMap((path, index) => {
    const bytes = buffers[index]
    return bytes === undefined ? [] : [bufferOf(path, bytes)]
  })
  return { type: 'widget', model, state, buffers: parts }
}

function bufferOf(path: JsonValue, bytes: Uint8Array): JsonObject {
  return new Map([
    ['data', bytes.toBase64()],
    ['encoding', 'base64'],
    ['path', path],
  ])
}
