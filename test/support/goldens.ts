import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { JsonNumber, type JsonValue } from '../../src/notebook/json.ts'

/** The notebooks in test/input; test/golden has what papermill makes of each with the parameters below. */
export const inputs: readonly string[] = readdirSync(join(import.meta.dirname, '../input')).sort()

export const goldenParameters: ReadonlyMap<string, JsonValue> = new Map<string, JsonValue>([
  ['name', 'say "hi"\n\u00e9\u65e5\ud83d\ude00'],
  ['size', new JsonNumber('1')],
  ['scale', new JsonNumber('1.0')],
  ['bbox', [new JsonNumber('-4.5'), new JsonNumber('53.1'), new JsonNumber('1e-07')]],
  ['big', new JsonNumber('123456789012345678901234567890')],
  ['nothing', null],
  ['flag', true],
  [
    'geometry',
    new Map<string, JsonValue>([
      ['type', 'Point'],
      ['coordinates', []],
    ]),
  ],
])
