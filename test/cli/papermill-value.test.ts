import { expect, it } from 'vitest'
import { papermillValue } from '../../src/cli/papermill-value.ts'
import { pythonJson } from '../../src/notebook/json.ts'
import { python } from './command-line.ts'

const TEXTS = [
  ...['True', 'False', 'None', 'true', 'false', 'none', 'null', '', ' ', 'text', 'a b', '[1, 2]', '{"a": 1}'],
  ...[
    '0',
    '1',
    '-1',
    '+1',
    '007',
    ' 12 ',
    '1_000',
    '1__0',
    '_1',
    '1_',
    '0x10',
    '0b1',
    '- 1',
    '--1',
    '123456789012345678901',
  ],
  ...[
    '1.0',
    '1.',
    '.5',
    '-.5',
    '.',
    '1e5',
    '1E-7',
    '1e-5',
    '1.5e300',
    '1e400',
    '-1e400',
    '1_0.5',
    '1._5',
    '1e',
    'e5',
    '1_e5',
    '-0',
    '-0.0',
    '0.1',
  ],
  ...[
    'nan',
    'NaN',
    '-nan',
    'inf',
    '-inf',
    '+Infinity',
    'infinit',
    '1.10',
    '100000000000000000.0',
    '0.0001',
    '0.00001',
    '\t7\n',
  ],
]

it('types texts as papermill does', async () => {
  const program = `
import json, sys
from papermill.cli import _resolve_type
print(json.dumps([json.dumps(_resolve_type(text)) for text in json.load(sys.stdin)]))`
  const { stdout, stderr } = await python(program, JSON.stringify(TEXTS))
  expect(stderr).toBe('')
  const ours = TEXTS.map((text) => pythonJson(papermillValue(text)))
  expect(Object.fromEntries(TEXTS.map((text, index) => [text, ours[index]]))).toEqual(
    Object.fromEntries(TEXTS.map((text, index) => [text, JSON.parse(stdout)[index]])),
  )
})
