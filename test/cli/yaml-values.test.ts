import { describe, expect, it } from 'vitest'
import { parseYamlValues } from '../../src/cli/yaml-values.ts'
import { RunnerError } from '../../src/errors.ts'
import { compactJson } from '../../src/notebook/compact-json.ts'
import { python } from './command-line.ts'

const SCALARS = [
  ...[
    'yes',
    'No',
    'ON',
    'off',
    'true',
    'True',
    'TRUE',
    'tRue',
    'y',
    'n',
    '~',
    'null',
    'Null',
    'NULL',
    '',
    'none',
  ],
  ...[
    '0',
    '-0',
    '+7',
    '010',
    '0o10',
    '09',
    '0_7',
    '0b101',
    '-0b11',
    '0x1F',
    '0xfg',
    '1_000',
    '12345678901234567890',
    '1:30',
    '-1:30',
    '190:20:30',
    '1:60',
  ],
  ...[
    '1.0',
    '1.',
    '.5',
    '-.5',
    '1.10',
    '1e5',
    '1.0e5',
    '1.0e+5',
    '1.5E-7',
    '1_0.5',
    '1:30.5',
    '.inf',
    '-.INF',
    '+.inf',
    '.nan',
    '.NaN',
    '-.nan',
    '-0.0',
  ],
  ...[
    '2024-01-31',
    '2024-01-31T12:00:00Z',
    '2001-12-14 21:59:43.10 -5',
    '12e03',
    'a: b'.replace(': ', ':'),
    '"1"',
    "'yes'",
    '"a\\tb\\u00e9"',
    '!!str 1',
    '!!int "7"',
    '!!float "1.5"',
    '!!bool "yes"',
    '!!null ""',
  ],
  ...[
    '[1, 1.0, "1", yes]',
    '{a: 1, b: {c: [~]}}',
    '{1: a, x: b}',
    'plain text # comment',
    'https://example.org/a.tif',
    'é 日本 😀',
    '-',
    '--',

    '[]',
    '{}',
  ],
]
const DOCUMENTS = [
  '',
  '# nothing',
  'a: 1\nb:\n  - x\n  - {y: 2}\n',
  'text: |\n  two\n  lines\nfolded: >\n  one\n  line\n',
  'base: &base {x: 1, y: 2}\nother:\n  <<: *base\n  y: 3\n',
  'same: &s [1, 2]\nagain: *s\n',
  '---\na: 1\n...\n',
  '{"json": [1, 2.5, null, true, "x"]}',
  '\'quoted key\': 1\n"other": 2',
]

const PROGRAM = `
import json, sys, yaml
from papermill.iorw import NoDatesSafeLoader
def read(text):
    try: value = yaml.load(text, Loader=NoDatesSafeLoader) or {}
    except yaml.YAMLError: return 'refused'
    return json.dumps(value, separators=(',', ':'), ensure_ascii=False)
print(json.dumps([read(text) for text in json.load(sys.stdin)]))`

function ours(text: string): string {
  try {
    return compactJson(parseYamlValues(text, '-y'))
  } catch (error) {
    if (error instanceof RunnerError) return 'refused'
    throw error
  }
}

function refusal(text: string): string {
  try {
    return `nothing, but ${compactJson(parseYamlValues(text, '-y'))}`
  } catch (error) {
    return error instanceof RunnerError ? `${error.code}: ${error.message}` : 'another error'
  }
}

describe('YAML parameters', () => {
  it('are read as papermill reads them', async () => {
    const texts = [...SCALARS.map((scalar) => `x: ${scalar}`), ...DOCUMENTS]
    const { stdout, stderr } = await python(PROGRAM, JSON.stringify(texts))
    expect(stderr).toBe('')
    const theirs: string[] = JSON.parse(stdout)
    expect(texts.map((text) => [text, ours(text)])).toEqual(texts.map((text, index) => [text, theirs[index]]))
  })

  it.each([
    ['- 1\n- 2', 'usage: -y must hold names with values, such as "year: 2024".'],
    ['just text', 'usage: -y must hold names with values, such as "year: 2024".'],
    ['a: [1, 2', /^usage: -y is not YAML that can be used here: .* line 1/],
    ['a: 1\na: 2', /^usage: -y is not YAML that can be used here: Map keys must be unique at line 2/],
    ['a: !!binary aGk=', /^usage: -y is not YAML that can be used here: Unresolved tag/],
    ['a: !!python/object/apply:os.system [id]', /^usage: .*Unresolved tag/],
    ['a: !!int x', /^usage: .*Unresolved tag/],
    ['1.5: a', 'usage: -y has a name that is not text: put 1.5 in quotes.'],
    ['a: 1\n---\nb: 2', /^usage: .*multiple documents/],
  ])('are refused: %j', (text, message) => {
    expect(refusal(text)).toMatch(message)
  })

  it('cannot grow without bound by aliases', () => {
    const levels = Array.from(
      { length: 12 },
      (_, level) => `l${level + 1}: &l${level + 1} [${`*l${level},`.repeat(9)}]`,
    )
    expect(refusal(`l0: &l0 [x]\n${levels.join('\n')}`)).toMatch(/^usage: .*[Aa]lias/)
  })
})
