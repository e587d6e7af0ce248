/** Lossless JSON: the values, the parser, and the writer that writes as Python does. */
export { parseJson } from './json-parse.ts'
export { fromPlain, isObject, JsonNumber, type JsonObject, type JsonValue, toPlain } from './json-value.ts'
export { pythonFloat, pythonJson, pythonNumber } from './json-write.ts'
