import { isObject, parseJson, pythonJson } from './json.ts'

/** A prepared notebook that says of itself (`metadata.papermill.output_path`) that it is stored elsewhere. */
export function withOutputPath(prepared: Uint8Array, outputPath: string): Uint8Array {
  const root = parseJson(new TextDecoder().decode(prepared))
  const metadata = isObject(root) ? root.get('metadata') : undefined
  const papermill = isObject(metadata) ? metadata.get('papermill') : undefined
  if (!isObject(papermill)) return prepared
  papermill.set('output_path', outputPath)
  return new TextEncoder().encode(pythonJson(root))
}
