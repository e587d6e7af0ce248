import { RunnerError } from '../errors.ts'
import { isObject, type JsonObject, type JsonValue } from '../notebook/json.ts'

/** The member as text, undefined where it is absent or null. Throws `broken-entry` where it is anything else. */
export function textField(fields: JsonObject, name: string): string | undefined {
  const value = fields.get(name) ?? undefined
  if (value === undefined || typeof value === 'string') return value
  throw new RunnerError('broken-entry', `Its "${name}" is not text.`)
}

/** The member's texts; what is no text among them is passed over. */
export function textsField(fields: JsonObject, name: string): string[] {
  const value = fields.get(name)
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

export function objectField(fields: JsonObject, name: string): JsonObject | undefined {
  const value: JsonValue = fields.get(name) ?? null
  return isObject(value) ? value : undefined
}

/** The name of a kernel, as Jupyter admits it in its paths and URLs. */
export function kernelName(name: string | undefined): { readonly kernel?: string } {
  if (name === undefined) return {}
  if (/^[A-Za-z0-9._-]{1,128}$/.test(name)) return { kernel: name }
  throw new RunnerError(
    'broken-entry',
    'The name of its kernel may have letters, digits, ".", "_" and "-" only.',
  )
}
