import { describe, expect, it } from 'vitest'
import { pythonJson } from '../../../src/notebook/json.ts'
import { readGoldens } from '../../interpreters/golden.ts'
import { make } from '../../interpreters/round-trip.ts'
import { NASTY_VALUES } from './values.ts'

const LANGUAGES = ['python', 'r', 'scala', 'julia', 'matlab', 'csharp', 'fsharp', 'powershell', 'bash']

/** `npm run test:interpreters` writes the goldens; after a change of what is injected they have to be made anew. */
describe.each(LANGUAGES)('the goldens of %s', (language) => {
  it('are what the code makes now', async () => {
    for (const { value, expected, refused } of await readGoldens(language)) {
      const made = make(language, value)
      const now = 'refused' in made ? made.refused : made.cell.slice(made.cell.indexOf('\n') + 1, -1)
      expect(now).toBe(expected)
      expect('refused' in made).toBe(refused)
    }
  })

  it('have every nasty value', async () => {
    const have = new Set((await readGoldens(language)).map(({ value }) => pythonJson(value)))
    expect(NASTY_VALUES.filter((value) => !have.has(pythonJson(value)))).toEqual([])
  })
})
