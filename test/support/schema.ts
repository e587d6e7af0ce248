import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import type { Database } from '../../src/database/connect.ts'

const Column = Type.Object({
  table: Type.String(),
  column: Type.String(),
  type: Type.String(),
  /** A row that does not name it is refused. */
  required: Type.Boolean(),
})
const Rule = Type.Object({ table: Type.String(), name: Type.String(), columns: Type.Array(Type.String()) })

/** Tables with their columns, and what refuses rows: checks, foreign keys, uniqueness. */
export interface Schema {
  readonly columns: readonly Static<typeof Column>[]
  readonly rules: readonly Static<typeof Rule>[]
}

const COLUMNS = `
  SELECT c.relname AS "table", a.attname AS "column", format_type(a.atttypid, a.atttypmod) AS type,
    a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AS required
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
  ORDER BY 1, 2`

const RULES = `
  SELECT c.relname AS "table", x.name, x.definition,
    ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = ANY(x.keys)) AS columns
  FROM (
    SELECT conrelid AS relation, conname AS name, pg_get_constraintdef(oid) AS definition, conkey AS keys
    FROM pg_constraint WHERE contype IN ('c', 'f', 'x')
    UNION ALL
    SELECT indrelid, indexrelid::regclass::text, pg_get_indexdef(indexrelid), indkey::int2[]
    FROM pg_index WHERE indisunique
  ) x JOIN pg_class c ON c.oid = x.relation
  WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1, 2`

export async function schemaOf(database: Database): Promise<Schema> {
  const rules = Type.Object({ ...Rule.properties, definition: Type.String() })
  return {
    columns: Value.Parse(Type.Array(Column), await database.query({ text: COLUMNS })),
    // Another definition by the same name is another rule.
    rules: Value.Parse(Type.Array(rules), await database.query({ text: RULES })).map(
      ({ table, name, definition, columns }) => ({ table, name: `${name}: ${definition}`, columns }),
    ),
  }
}

/**
 * What a version that knows only `before` stumbles over in `after`: a table or column that is gone or of another type,
 * a column that it does not fill and has to, a new rule for the columns that it does fill.
 */
export function breaks(before: Schema, after: Schema): string[] {
  const key = ({ table, column }: { readonly table: string; readonly column: string }) => `${table}.${column}`
  const old = new Map(before.columns.map((column) => [key(column), column]))
  const now = new Map(after.columns.map((column) => [key(column), column]))
  const tables = new Set(before.columns.map(({ table }) => table))
  const rules = new Set(before.rules.map(({ table, name }) => `${table}.${name}`))
  return [
    ...[...old].flatMap(([name, { type }]) => {
      const found = now.get(name)
      if (found === undefined) return [`${name} is gone`]
      return found.type === type ? [] : [`${name} is of another type`]
    }),
    ...[...now]
      .filter(
        ([name, { table, required }]) => tables.has(table) && required && old.get(name)?.required !== true,
      )
      .map(([name]) => `${name} has to be given`),
    ...after.rules
      .filter(({ table, name }) => tables.has(table) && !rules.has(`${table}.${name}`))
      .filter(({ table, columns }) => columns.every((column) => old.has(key({ table, column }))))
      .map(({ table, columns }) => `${table} has a new rule for ${columns.join(', ')}`),
  ]
}
