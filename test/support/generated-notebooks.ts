import fc from 'fast-check'
import { JsonNumber, type JsonObject, type JsonValue } from '../../src/notebook/json.ts'

const lineEnds = ['\n', '\r', '\r\n', '\v', '\f', '\x1c', '\x1d', '\x1e', '\x85', '\u2028', '\u2029']
const oddCharacters = ['\x1f', '\x7f', '\0', '"', '\\', '\u00e9', '\ud83d\ude00', '\uffff', '\u200b']
/** Text with every kind of line end in it. */
export const text = fc
  .array(
    fc.oneof(fc.constantFrom(...lineEnds, ...oddCharacters), fc.string({ unit: 'binary', maxLength: 5 })),
    {
      maxLength: 6,
    },
  )
  .map((parts) => parts.join(''))

const key = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    '1',
    '10',
    '2',
    '',
    'a',
    '\uffff',
    '\ud83d\ude00',
    '\ue000',
    'keys',
  ),
  fc.string({ unit: 'binary', maxLength: 4 }),
)

function raws(numbers: fc.Arbitrary<string>): fc.Arbitrary<JsonNumber> {
  return numbers.map((raw) => new JsonNumber(raw))
}
const wholeNumber = raws(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }).map(String))
const float = fc.double({ noNaN: true, noDefaultInfinity: true })
/** In spellings that Python writes otherwise. */
const floatNumber = raws(
  fc.oneof(
    float.map((value) => value.toExponential().replace('e', 'E')),
    float
      .map((value) => (Number.isInteger(value) ? `${BigInt(value)}.0` : String(value)))
      .filter(isWrittenWhole),
    fc.constantFrom('1.0', '1e-07', '1E5', '1.10', '-0', '-0.0', '0.00001', '1e16', '0e0', '5e-324'),
  ),
)
/** A double written in all its digits: Python shortens it, and so would lose them. */
function isWrittenWhole(raw: string): boolean {
  return raw.length < 17
}
const pythonWord = raws(fc.constantFrom('NaN', 'Infinity', '-Infinity'))

function object(entries: Iterable<readonly [string, JsonValue]>): JsonObject {
  return new Map(entries)
}

function entry(name: string, value: JsonValue): [string, JsonValue] {
  return [name, value]
}

function valuesOf(leaf: fc.Arbitrary<JsonValue>): fc.Arbitrary<JsonValue> {
  return fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      leaf,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.array(fc.tuple(key, tie('value')), { maxLength: 3 }).map(object),
    ),
  })).value
}
const finiteLeaf = fc.oneof(fc.constantFrom(null, true, false), text, wholeNumber, floatNumber)
export const anyValue = valuesOf(
  fc.oneof({ weight: 9, arbitrary: finiteLeaf }, { weight: 1, arbitrary: pythonWord }),
)

/** What may be given as a parameter; NaN and Infinity are written otherwise than papermill does. */
export const parameters = fc
  .array(fc.tuple(fc.constantFrom('a', 'b', 'Z', 'input_path', 'snake_case', 'x1'), valuesOf(finiteLeaf)), {
    maxLength: 4,
  })
  .map(object)

const extra = fc.array(fc.tuple(key, anyValue), { maxLength: 2 })
const multiline = fc.oneof(text, fc.array(text, { maxLength: 3 }))
const mime = fc.constantFrom(
  'text/plain',
  'text/html',
  'text/vnd.x+json',
  'image/svg+xml',
  'image/png',
  'application/javascript',
  'application/json',
  'application/vnd.plotly.v1+json',
  'application/x-other',
)
const bundle = fc.array(fc.tuple(mime, fc.oneof(multiline, anyValue)), { maxLength: 3 }).map(object)
const count = fc.oneof(
  fc.constant(null),
  fc.nat().map((value) => new JsonNumber(String(value))),
)

function node(members: Record<string, fc.Arbitrary<JsonValue>>): fc.Arbitrary<JsonObject> {
  return fc
    .tuple(fc.record(members), extra)
    .map(([known, unknown]) => object([...unknown, ...Object.entries(known)]))
}

const output = fc.oneof(
  node({ output_type: fc.constant('stream'), name: fc.constantFrom('stdout', 'stderr'), text: multiline }),
  node({ output_type: fc.constant('display_data'), data: bundle, metadata: extra.map(object) }),
  node({
    output_type: fc.constant('execute_result'),
    data: bundle,
    metadata: extra.map(object),
    execution_count: count,
  }),
  node({
    output_type: fc.constant('error'),
    ename: text,
    evalue: text,
    traceback: fc.array(text, { maxLength: 2 }),
  }),
  node({ output_type: fc.constant('unknown'), text: multiline }),
)

/** A cell that passes its look on has no look of its own here: papermill would lose it. */
const tags = fc.oneof(
  { weight: 6, arbitrary: extra.map((entries) => object([...entries, ['tags', []]])) },
  { weight: 3, arbitrary: extra.map(object) },
  {
    weight: 3,
    arbitrary: fc
      .subarray(['parameters', 'injected-parameters', 'papermill-error-cell-tag'], { minLength: 1 })
      .map((list) => object([['tags', list]])),
  },
)
const runMetadata = object([
  ['status', 'completed'],
  ['duration', new JsonNumber('0.10')],
])
const metadata = fc
  .tuple(tags, fc.boolean(), fc.boolean())
  .map(([own, trusted, ran]) =>
    object([
      ...own,
      ...(trusted ? [entry('trusted', true)] : []),
      ...(ran ? [entry('papermill', runMetadata)] : []),
    ]),
  )
const id = fc.constantFrom('one', 'two', 'three', 'c0ffee00', '\u00e9')
const attachments = fc.array(fc.tuple(key, bundle), { maxLength: 2 }).map(object)

const bareCell = fc.oneof(
  node({
    cell_type: fc.constant('code'),
    metadata,
    source: multiline,
    outputs: fc.array(output, { maxLength: 3 }),
    execution_count: count,
  }),
  node({ cell_type: fc.constant('markdown'), metadata, source: multiline, attachments }),
  node({ cell_type: fc.constantFrom('raw', 'heading'), metadata, source: multiline }),
)
const cell = fc
  .tuple(bareCell, fc.option(id))
  .map(([members, cellId]) => object([...members, ...(cellId === null ? [] : [entry('id', cellId)])]))

const kernelspec = object([
  ['display_name', 'Python 3'],
  ['language', 'python'],
  ['name', 'python3'],
])
const papermillMetadata = fc.oneof(
  fc.constant([]),
  extra.map((entries) => [entry('papermill', object(entries))]),
  extra.map((entries) => [
    entry('papermill', object([...entries, ['parameters', object([])], ['version', '1']])),
  ]),
)
const transient = fc.subarray([
  entry('orig_nbformat', new JsonNumber('3')),
  entry('orig_nbformat_minor', new JsonNumber('0')),
  entry('signature', 'abc'),
])

/** Notebooks of format 4 in Python, as odd as papermill still takes them. */
export const notebook = fc
  .tuple(
    fc.array(cell, { maxLength: 5 }),
    extra,
    papermillMetadata,
    transient,
    fc.integer({ min: 0, max: 7 }),
    extra,
  )
  .map(([cells, own, papermill, stripped, minor, unknown]) =>
    object([
      ...unknown,
      ['metadata', object([...own, ['kernelspec', kernelspec], ...papermill, ...stripped])],
      ['nbformat_minor', new JsonNumber(String(minor))],
      ['cells', cells],
      ['nbformat', new JsonNumber('4')],
    ]),
  )
