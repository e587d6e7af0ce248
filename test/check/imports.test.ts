import { describe, expect, it } from 'vitest'
import { PlantedProject } from './tools.ts'

const SOUND = {
  'src/errors.ts': 'export class RunnerError extends Error {}\n',
  'src/notebook/value.ts':
    "import { RunnerError } from '../errors.ts'\nexport const value = () => new RunnerError()\n",
  'src/run/store.ts':
    "import { open } from 'node:fs/promises'\nimport { value } from '../notebook/value.ts'\n" +
    "export type Store = string\nexport async function store() {\n  await using file = await open('x')\n  return [file, value()]\n}\n",
}

/** Each must fail by the rule named first. */
const PLANTED: Readonly<Record<string, readonly [rule: string, path: string, text: string]>> = {
  value: [
    'notebook-imports-one-way',
    'src/notebook/a.ts',
    "import { store } from '../run/store.ts'\nexport const a = store\n",
  ],
  'type only': [
    'notebook-imports-one-way',
    'src/notebook/a.ts',
    "import type { Store } from '../run/store.ts'\nexport type A = Store\n",
  ],
  'inline type': [
    'notebook-imports-one-way',
    'src/notebook/a.ts',
    "import { type Store } from '../run/store.ts'\nexport type A = Store\n",
  ],
  dynamic: [
    'notebook-imports-one-way',
    'src/notebook/a.ts',
    "export const a = () => import('../run/store.ts')\n",
  ],
  'dynamic below a using': [
    'run-imports-one-way',
    'src/run/a.ts',
    "import { store } from './store.ts'\nexport async function a() {\n  await using b = await store()\n  return [b, import('../http/app.ts')]\n}\n",
  ],
  'side effect': ['notebook-imports-one-way', 'src/notebook/a.ts', "import '../run/store.ts'\n"],
  're-export': ['notebook-imports-one-way', 'src/notebook/a.ts', "export * from '../run/store.ts'\n"],
  're-exported type': [
    'notebook-imports-one-way',
    'src/notebook/a.ts',
    "export type { Store } from '../run/store.ts'\n",
  ],
  'the lowest layer': [
    'errors-imports-one-way',
    'src/errors.ts',
    "export { value } from './notebook/value.ts'\n",
  ],
  'I/O in the pure core': [
    'notebook-is-pure',
    'src/notebook/a.ts',
    "import { readFileSync } from 'node:fs'\nexport const a = readFileSync\n",
  ],
  'I/O without its prefix': [
    'notebook-is-pure',
    'src/notebook/a.ts',
    "import { readFileSync } from 'fs'\nexport const a = readFileSync\n",
  ],
  'a type of I/O in the pure core': [
    'notebook-is-pure',
    'src/notebook/a.ts',
    "import type { Stats } from 'node:fs'\nexport type A = Stats\n",
  ],
  'a cycle': [
    'no-cycles',
    'src/notebook/value.ts',
    "import { a } from './a.ts'\nexport const value = () => a\n",
  ],
  'a cycle of types': [
    'no-cycles',
    'src/notebook/value.ts',
    "import type { a } from './a.ts'\nexport const value = (b: typeof a) => b\n",
  ],
  'the library of schemas': [
    'schemas-are-loaded-late',
    'src/http/a.ts',
    "import { Type } from 'typebox'\nexport const a = Type.String()\n",
  ],
  'what loads the library of schemas': [
    'schemas-are-loaded-late',
    'src/http/a.ts',
    "import { b } from './b-schema.ts'\nexport const a = b\n",
  ],
  'a layer without a place': [
    'a-layer-is-named',
    'src/misc/a.ts',
    "import { value } from '../notebook/value.ts'\nexport const a = value\n",
  ],
  'use of a layer without a place': [
    'a-named-layer-is-imported',
    'src/run/a.ts',
    "import { b } from '../misc/b.ts'\nexport const a = b\n",
  ],
  'OpenTelemetry loaded by all': [
    'opentelemetry-is-loaded-when-wanted',
    'src/run/a.ts',
    "import { OpenTelemetry } from '../tracing/open-telemetry.ts'\nexport const a = OpenTelemetry\n",
  ],
  'tests in the source': [
    'src-imports-src',
    'src/run/a.ts',
    "import { b } from '../../test/b.ts'\nexport const a = b\n",
  ],
  'what is not there': [
    'imports-exist',
    'src/run/a.ts',
    "import { b } from './missing.ts'\nexport const a = b\n",
  ],
}

/** What the planted files need to be found. */
const HELPERS = {
  'src/http/app.ts': 'export const app = 1\n',
  'src/http/b-schema.ts':
    "import { Type } from 'typebox'\nexport const b = Type.String()\nexport type B = typeof b\n",
  'src/tracing/open-telemetry.ts': 'export const OpenTelemetry = 1\n',
  'src/misc/b.ts': 'export const b = 1\n',
  'test/b.ts': 'export const b = 1\n',
}

const cruise = (project: PlantedProject) =>
  project.run('depcruise', '--config', '.dependency-cruiser.cjs', '--output-type', 'err', 'src')

describe('the direction of imports', () => {
  it('passes a sound project', async () => {
    await using project = await PlantedProject.plant(SOUND)
    expect(await cruise(project)).toMatchObject({ code: 0 })
  })

  it.each(Object.entries(PLANTED))('fails on a planted one: %s', async (name, [rule, path, text]) => {
    const cycle = name.startsWith('a cycle')
      ? { 'src/notebook/a.ts': "import { value } from './value.ts'\nexport const a = value\n" }
      : {}
    await using project = await PlantedProject.plant({ ...SOUND, ...HELPERS, ...cycle, [path]: text })
    const { code, output } = await cruise(project)
    expect(output).toContain(`error ${rule}: `)
    expect(output).toContain(path)
    expect(code).not.toBe(0)
  })
})
