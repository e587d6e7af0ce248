import { execFile } from 'node:child_process'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compactJson } from '../../src/notebook/compact-json.ts'
import { pythonParameters } from '../../src/notebook/inspect/python.ts'
import { schemaOfAnnotation, tokensOf } from '../../src/notebook/inspect/python-annotation.ts'
import { isObject, type JsonObject, type JsonValue, parseJson } from '../../src/notebook/json.ts'

const root = join(import.meta.dirname, '../..')

/** What Python's `ast` and papermill's inspection read in each cell. */
async function oracle(cells: readonly string[]): Promise<JsonObject[]> {
  const output = await new Promise<string>((resolve, reject) => {
    const options = {
      maxBuffer: 2 ** 28,
      env: { ...process.env, PYTHONWARNINGS: 'ignore', PYTHONIOENCODING: 'utf-8' },
    }
    const python = join(root, '.venv-oracle/bin/python')
    const child = execFile(python, [join(root, 'test/oracle/cell_driver.py')], options, (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    )
    child.stdin?.end(JSON.stringify(cells))
  })
  const answers = parseJson(output)
  if (!Array.isArray(answers)) throw new Error('a list is expected')
  return answers.filter(isObject)
}

const quote = (text: string) => JSON.stringify(text)
const integers = fc.oneof(
  fc.bigInt().map(String),
  fc.nat().map((value) => `0x${value.toString(16)}`),
  fc.nat().map((value) => `0o${value.toString(8)}`),
  fc.nat().map((value) => `0B${value.toString(2)}`),
  fc.constantFrom('0', '00', '1_000_000', '-0', '+5', '123456789012345678901234567890'),
)
const floats = fc.oneof(
  fc
    .double({ noDefaultInfinity: true, noNaN: true })
    .map((value) => (Object.is(value, -0) ? '-0.0' : String(value))),
  fc.constantFrom(
    '1.',
    '.5',
    '1e5',
    '1E-7',
    '1_0.2_5',
    '0.30',
    '1e400',
    '-1.5e+3',
    '1e16',
    '123456789.123456789',
  ),
)
const text = fc.string({ unit: fc.constantFrom(...'ab é"\'\\#={}[];:\t\u00e9\u2028😀') })
const escapes = fc
  .array(
    fc.constantFrom(
      '\\n',
      '\\x41',
      '\\101',
      '\\7',
      '\\400',
      '\\u00e9',
      '\\U0001F600',
      '\\q',
      '\\\\',
      "\\'",
      '\\"',
      '\\\n',
      '\\0',
      '\\a',
      '#',
      ' = ',
    ),
  )
  .map((parts) => parts.join(''))
const strings = fc.oneof(
  text.map(quote),
  text.map((value) => `'${value.replace(/[\\']/g, '\\$&')}'`),
  text.map((value) => `"""${value.replace(/[\\"]/g, '\\$&')}\n# no comment"""`),
  text.map((value) => `r'${value.replace(/['\\]/g, '')}'`),
  fc.tuple(text, text).map(([one, two]) => `${quote(one)} u'${two.replace(/[\\']/g, '\\$&')}'`),
  escapes.map((value) => `"${value}"`),
  escapes.map((value) => `'''${value}'''`),
  fc.constantFrom("R'\\d'", 'r"\\""', "''", '""""""'),
)
const words = fc.constantFrom('None', 'True', 'False')
const computed = fc.constantFrom(
  '1 + 1',
  'f(x, y=1)',
  '{1, 2}',
  "b'x'",
  "f'{x}{{'",
  '[i for i in y]',
  'lambda: 1',
  'date.today()',
  'x if y else z',
  '1j',
  '{1: 2}',
  '...',
  'not True',
  '"a" % 1',
  "os.environ['A']",
  '[1, f(2)]',
  '{"a": x}',
  '-x',
  '--1',
  "'\\ud83d\\ude00'",
  'a == b',
  '"a"[0]',
  'f"""{x:{"y"}}"""',
  '(1, 2)[0]',
)
const blanks = fc.constantFrom('', '', ' ', '\n  ', ' # a comment ]\n')
const { literal } = fc.letrec<{ literal: string }>((tie) => {
  const items = fc.array(
    fc.tuple(blanks, tie('literal')).map((both) => both.join('')),
    { maxLength: 3 },
  )
  const end = fc.constantFrom('', ',')
  return {
    literal: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.oneof(integers, floats, strings, words),
      fc
        .tuple(items, blanks, end)
        .map(([all, gap, comma]) => `[${all.join(',')}${all.length > 0 ? comma : ''}${gap}]`),
      fc.tuple(items, end).map(([all, comma]) => (all.length === 0 ? '()' : `(${all.join(' ,')}${comma})`)),
      fc
        .array(fc.tuple(strings, blanks, tie('literal')), { maxLength: 3 })
        .map((all) => `{${all.map(([key, gap, value]) => `${key}:${gap}${value}`).join(', ')}}`),
    ),
  }
})
const annotations = fc.constantFrom(
  'int',
  'float',
  'str',
  'bool',
  'int | None',
  'list[str]',
  '"datetime.date"',
  "typing.Literal['a=b']",
  'dict[str, int]',
)
const names = fc.constantFrom(
  'x',
  'y',
  'cog_url',
  'bbox',
  'START_YEAR',
  'type',
  'match',
  'größe',
  '_hidden',
  'constructor',
)
const value = fc.oneof({ weight: 4, arbitrary: literal }, { weight: 1, arbitrary: computed })
const statement = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(names, fc.constantFrom('=', ' = ', '= \\\n '), value).map((parts) => parts.join('')),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(names, annotations, value)
      .map(([name, type, given]) => `${name}: ${type} = ${given}`),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(names, names, value).map(([one, two, given]) => `${one} = ${two} = ${given}`),
  },
  { weight: 1, arbitrary: fc.tuple(names, annotations).map(([name, type]) => `${name}: ${type}`) },
  { weight: 1, arbitrary: fc.tuple(names, literal).map(([name, given]) => `${name} = 1, ${given},`) },
)
const ends = fc.constantFrom(
  '\n',
  '\n\n',
  '; ',
  ' # about it\n',
  ' # a = "b\n',
  '\n# above\n',
  '\n   \n',
  '\r\n',
  '  \\\n\n',
)
const cells = fc
  .array(fc.tuple(statement, ends), { minLength: 1, maxLength: 6 })
  .map((parts) => parts.map((both) => both.join('')).join(''))

describe('parameters of generated cells', () => {
  it("are what Python's own parser reads", async () => {
    const generated = fc.sample(cells, { seed: 20240531, numRuns: 3000 })
    const answers = await oracle(generated)
    let compared = 0
    for (const [index, cell] of generated.entries()) {
      const expected = answers[index]?.get('python')
      if (!Array.isArray(expected)) continue
      const read = pythonParameters(cell).map(({ name, source, value: known }): JsonValue => {
        return [name, source === undefined ? null : 'given', known !== undefined, known ?? null]
      })
      const wanted = expected.map((item): JsonValue => {
        const [name = null, source = null, known = null, json = null] = Array.isArray(item) ? item : []
        return [name, source === null ? null : 'given', known, json]
      })
      expect(compactJson(read), JSON.stringify(cell)).toBe(compactJson(wanted))
      compared += 1
    }
    expect(compared).toBeGreaterThan(2500)
  })

  it("are papermill's, where it can read them", async () => {
    // One line each, no second `=`, no `#` in a value, and types of its grammar.
    const plain = fc.oneof(
      integers,
      fc.constantFrom('"a b"', "'é'", 'None', '[1, 2]', '{"a": 1}', 'f(1)', '(1, 2)'),
    )
    const type = fc.constantFrom('int', 'float', 'str', 'List[int]', 'Optional[str]', 'Dict[str, int]')
    const help = fc.constantFrom('about it', 'of 2 things: a, b', 'é')
    const line = fc.oneof(
      fc.tuple(plain).map(([given]) => ` = ${given}`),
      fc.tuple(plain, help).map(([given, words]) => ` = ${given}  # ${words}`),
      fc.tuple(type, plain, help).map(([kind, given, words]) => `: ${kind} = ${given} # ${words}`),
      fc.tuple(type, plain).map(([kind, given]) => `: ${kind} = ${given}`),
      fc
        .tuple(plain, fc.constantFrom('int', 'float', 'List[str]'))
        .map(([given, kind]) => ` = ${given} # type: ${kind}`),
      fc.tuple(plain, help).map(([given, words]) => ` = ${given} # type: float ${words}`),
    )
    const simple = fc
      .array(line, { minLength: 1, maxLength: 5 })
      .map((lines) => lines.map((rest, index) => `x${index}${rest}`).join('\n'))
    const generated = fc.sample(simple, { seed: 7, numRuns: 500 })
    const answers = await oracle(generated)
    for (const [index, cell] of generated.entries()) {
      const read = pythonParameters(cell)
      const papermill = answers[index]?.get('papermill')
      const wanted = Array.isArray(papermill) ? papermill.filter(isObject) : []
      expect(
        read.map(({ name, source, description, annotated }) => ({ name, source, description, annotated })),
        cell,
      ).toEqual(
        wanted.map((parameter) => ({
          name: parameter.get('name'),
          source: parameter.get('default'),
          description: parameter.get('help') || undefined,
          annotated: schemaOfAnnotation(tokensOf(String(parameter.get('inferred_type_name')))),
        })),
      )
    }
  })
})
