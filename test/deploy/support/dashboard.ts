import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'

const FILE = join(import.meta.dirname, '../../../deploy/monitoring/dashboards/notebook-runner.json')

const Panel = Type.Object({
  id: Type.Integer(),
  title: Type.String(),
  type: Type.String(),
  /** In 24 columns. */
  gridPos: Type.Object({ x: Type.Integer(), y: Type.Integer(), w: Type.Integer(), h: Type.Integer() }),
  fieldConfig: Type.Optional(Type.Object({ defaults: Type.Object({ unit: Type.Optional(Type.String()) }) })),
  targets: Type.Optional(
    Type.Array(Type.Object({ expr: Type.String(), legendFormat: Type.Optional(Type.String()) })),
  ),
})
export type Panel = Static<typeof Panel>

/** The panels of the dashboard. */
export async function readPanels(): Promise<readonly Panel[]> {
  const dashboard = Type.Object({ panels: Type.Array(Panel) })
  return Value.Parse(dashboard, JSON.parse(await readFile(FILE, 'utf8'))).panels
}
