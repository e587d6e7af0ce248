import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { SECRETS, VARIABLES, type VariableName } from '../../src/config/env.ts'
import { BASE_DEFAULTS, PRESETS } from '../../src/config/presets.ts'

const GUIDE = join(import.meta.dirname, '../../docs/settings.md')

const isVariable = (name: string): name is VariableName => Object.hasOwn(VARIABLES, name)

/** The row of a setting: its name, what it means, and what it is in each preset where nobody sets it. */
function row(name: VariableName): string {
  const defaults = (['local', 'seed', 'eodh'] as const).map((preset) => {
    const value = name === 'PRESET' ? undefined : (PRESETS[preset][name] ?? BASE_DEFAULTS[name])
    return value === undefined || value === '' ? '' : `\`${value}\``
  })
  const secret = SECRETS.has(name) ? ' (secret)' : ''
  return `| \`${name}\` | ${VARIABLES[name]}${secret} | ${defaults.join(' | ')} |`
}

it('docs/settings.md has the table of the settings that there are', async () => {
  const text = await readFile(GUIDE, 'utf8')
  const found = text.split('\n').filter((line) => /^\| `[A-Z0-9_]+` \|/.test(line))
  expect(found).toEqual(Object.keys(VARIABLES).filter(isVariable).map(row))
})
