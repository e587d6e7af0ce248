import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isObject, type JsonValue, parseJson } from '../../src/notebook/json.ts'
import { root } from './interpreter.ts'

/** A value, as JSON text so that 1 and 1.0 stay apart; what the code makes of it; and who has found that right. */
export type Golden =
  | { readonly value: string; readonly assignment: string; readonly verified: readonly string[] | 'grammar' }
  | { readonly value: string; readonly refused: string }

const file = (language: string) => join(root, `test/golden/inject/${language}.json`)

/** One value a line. */
export async function writeGoldens(language: string, goldens: readonly Golden[]): Promise<void> {
  await mkdir(join(root, 'test/golden/inject'), { recursive: true })
  await writeFile(file(language), `[\n${goldens.map((golden) => JSON.stringify(golden)).join(',\n')}\n]\n`)
}

export async function readGoldens(
  language: string,
): Promise<{ value: JsonValue; expected: string; refused: boolean }[]> {
  const goldens = parseJson(await readFile(file(language), 'utf8'))
  if (!Array.isArray(goldens)) throw new Error(`The goldens of ${language} are no list.`)
  return goldens.map((golden) => {
    const value = isObject(golden) ? golden.get('value') : undefined
    const assignment = isObject(golden) ? golden.get('assignment') : undefined
    const refused = isObject(golden) ? golden.get('refused') : undefined
    if (typeof value !== 'string') throw new Error(`A golden of ${language} has no value.`)
    return {
      value: parseJson(value),
      expected: String(assignment ?? refused),
      refused: refused !== undefined,
    }
  })
}
