import { describe, expect, it } from 'vitest'
import { PlantedProject } from './tools.ts'

const SOUND = `import { join as joined } from 'node:path'

export { basename as base } from 'node:path'
export * as path from 'node:path'
export const list = ['a', { b: joined('a', 'b') }] as const
export const table = { a: 1 } as const satisfies Record<string, number>
`

/** Each must be found, by the words of its rule. */
const PLANTED: Readonly<Record<string, readonly [found: string, text: string, path?: string]>> = {
  'a cast': ['No casts', "export const a = JSON.parse('1') as number\n"],
  'a cast in brackets': ['No casts', "export const a = <number>JSON.parse('1')\n"],
  'a cast inside': ['No casts', 'export const a = (b: unknown): string => `${(b as { c: string }).c}`\n'],
  'a cast by way of unknown': ['No casts', 'export const a = (b: Date) => b as unknown as string\n'],
  any: ['noExplicitAny', 'export const a = (b: any): unknown => b\n'],
  'a non-null assertion': ['noNonNullAssertion', 'export const a = (b: string | undefined) => b!\n'],
  'an enum': ['noEnum', 'export enum A {\n  b = 1,\n}\n'],
  'a parameter property': [
    'noParameterProperties',
    'export class A {\n  constructor(readonly b: string) {}\n}\n',
  ],
  'an import that the direction check cannot see': [
    'import type',
    "export type A = import('./sound.ts').B\n",
  ],
  'a Node module without its prefix': ['useNodejsImportProtocol', "export { join } from 'path'\n"],
  'the environment read in the wrong place': ['noProcessEnv', "export const a = process.env['A']\n"],
  'a clock in the pure core': [
    'noRestrictedGlobals',
    'export const a = () => Date.now()\n',
    'src/notebook/a.ts',
  ],
  'a file named otherwise': ['useFilenamingConvention', 'export const a = 1\n', 'src/run/fileName.ts'],
}

describe('the linter', () => {
  it('passes a sound project', async () => {
    await using project = await PlantedProject.plant({
      'src/run/sound.ts': SOUND,
      'src/config/a.ts': "export const a = process.env['A']\n",
    })
    const { code, output } = await project.run('biome', 'lint', '--error-on-warnings', 'src')
    expect({ code, output }).toMatchObject({ code: 0 })
  })

  it.each(Object.entries(PLANTED))('fails on %s', async (_, [found, text, path = 'src/run/a.ts']) => {
    await using project = await PlantedProject.plant({ [path]: text })
    const { code, output } = await project.run('biome', 'lint', '--reporter=json', 'src')
    expect(output).toContain(found)
    expect(code).not.toBe(0)
  })
})
