import type { Caller } from '../identity/caller.ts'
import type { InputsSchema } from '../notebook/inputs-schema.ts'
import type { JsonValue } from '../notebook/json.ts'
import { userSegment } from '../storage/segment.ts'

/** What the platform knows and no link can say (the four names of the first design). */
const RESERVED = ['workspace', 'user', 'workspace_s3_bucket', 'workspace_s3_prefix'] as const
export type ReservedName = (typeof RESERVED)[number]

/** `always`: every notebook gets them; `when-declared`: only one that declares them. */
export type ReservedPolicy = 'always' | 'when-declared'

export const isReserved = (name: string): name is ReservedName =>
  RESERVED.some((reserved) => reserved === name)

/** Whether they hold what is one person's: a notebook that runs with them works as that person. */
export const namesPerson = (parameters: ReadonlyMap<string, JsonValue>): boolean =>
  parameters.has('user') || parameters.has('workspace_s3_prefix')

const linkable = new WeakMap<InputsSchema, InputsSchema>()

/** The inputs that a link may set: those declared, without the reserved ones. The same object for the same schema. */
export function linkInputs(schema: InputsSchema): InputsSchema {
  const known = linkable.get(schema)
  if (known !== undefined) return known
  const declared = Object.entries(schema.properties)
  const open = declared.filter(([name]) => !isReserved(name))
  const inputs =
    open.length === declared.length
      ? schema
      : {
          ...schema,
          properties: Object.setPrototypeOf(Object.fromEntries(open), null),
          required: schema.required.filter((name) => !isReserved(name)),
        }
  linkable.set(schema, inputs)
  return inputs
}

/** The reserved values that this notebook gets, in the order of the first design. */
export function reservedValues(
  policy: ReservedPolicy,
  schema: InputsSchema,
  where: { readonly caller: Caller; readonly workspace: string; readonly bucket: string },
): ReadonlyMap<string, JsonValue> {
  const values: Record<ReservedName, string> = {
    workspace: where.workspace,
    user: where.caller.user,
    workspace_s3_bucket: where.bucket,
    // As the storage has it: a name is one segment, wherever its slashes and dots would lead.
    workspace_s3_prefix: `users/${userSegment(where.caller.user)}/`,
  }
  const names = RESERVED.filter((name) => policy === 'always' || Object.hasOwn(schema.properties, name))
  return new Map(names.map((name) => [name, values[name]]))
}
