import { describe, expect, it } from 'vitest'
import { compactJson } from '../../src/notebook/compact-json.ts'
import { parseQuery } from '../../src/notebook/input-values.ts'
import type { InputSchema } from '../../src/notebook/inputs-schema.ts'
import { inputsFromCell } from '../../src/notebook/parameters-cell.ts'

/** The inputs of a cell by name; required ones have a mark. */
function read(source: string, language = 'python'): Record<string, InputSchema & { required?: true }> {
  const { properties, required } = inputsFromCell(source, language)
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [
      name,
      required.includes(name) ? { ...schema, required: true } : schema,
    ]),
  )
}

/** What is injected for a link to a notebook with this cell. */
function injected(source: string, query: string): string {
  return compactJson(new Map(parseQuery(inputsFromCell(source, 'python'), new URLSearchParams(query))))
}

describe('types of Python', () => {
  it.each([
    ['x = 1', { type: 'integer', default: 1 }],
    ['x = 1.5', { type: 'number', default: 1.5 }],
    ['x = -1e-07', { type: 'number', default: -1e-7 }],
    ['x = "a"', { type: 'string', default: 'a' }],
    ["x = '#x'  # help", { description: 'help', type: 'string', default: '#x' }],
    ['x = "a=b"', { type: 'string', default: 'a=b' }],
    ['x = True', { type: 'boolean', default: true }],
    ['x = None', {}],
    ['x = []', { type: 'array', default: [] }],
    ['x = ["a", "b"]', { type: 'array', items: { type: 'string' }, default: ['a', 'b'] }],
    ['x = [1, "a"]', { type: 'array', default: [1, 'a'] }],
    ['x = {"a": [1]}', { type: 'object', default: { a: [1] } }],
    ['x: int = 1', { type: 'integer', default: 1 }],
    ['x: int | None = None', { type: 'integer' }],
    ['x: Optional[float] = None', { type: 'number' }],
    ['x: typing.Union[str, None] = "a"', { type: 'string', default: 'a' }],
    ['x: int | str = 1', { type: 'integer', default: 1 }],
    ['x: int | float = 1.0', { type: 'number', default: 1 }],
    ['x: list[str] = ["a"]', { type: 'array', items: { type: 'string' }, default: ['a'] }],
    ['x: "list[int]" = [1]', { type: 'array', items: { type: 'integer' }, default: [1] }],
    ['x: tuple[float, float] = None', { type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2 }],
    ['x: tuple[int, ...] = None', { type: 'array', items: { type: 'integer' } }],
    ['x: dict[str, list[int]] = {}', { type: 'object', default: {} }],
    ['x: Literal["a", "b"] = "a"', { type: 'string', enum: ['a', 'b'], default: 'a' }],
    ['x: Literal[10, 20] = 10', { type: 'integer', enum: [10, 20], default: 10 }],
    ['x: "datetime.date" = "2024-01-01"', { type: 'string', format: 'date', default: '2024-01-01' }],
    ['x: datetime = None', { type: 'string', format: 'date-time' }],
    ['x: Annotated[int, Field(gt=0)] = 1', { type: 'integer', default: 1 }],
    ['x: Final = 3', { type: 'integer', default: 3 }],
    ['x: MyThing = 1', { type: 'integer', default: 1 }],
    ['x: pydantic.HttpUrl = "https://a/"', { type: 'string', format: 'uri', default: 'https://a/' }],
    ['x = 5  # type: int', { type: 'integer', default: 5 }],
    ['x = None  # type: Dict[str, int] of things', { description: 'of things', type: 'object' }],
    ['x = 5  # type: ignore', { type: 'integer', default: 5 }],
    ['x: int', { type: 'integer', required: true }],
  ])('%s', (source, schema) => {
    expect(read(source)).toEqual({ x: schema })
  })
})

describe('a default', () => {
  it.each([
    ['x = date.today()', { 'x-own-default': 'date.today()' }],
    ['x = 60 * 60', { 'x-own-default': '60 * 60' }],
    ['x: int = f(a=1)', { type: 'integer', 'x-own-default': 'f(a=1)' }],
    ["x = f'{y}'", { 'x-own-default': "f'{y}'" }],
    ["x = b'a'", { 'x-own-default': "b'a'" }],
    ["x = '\\N{BULLET}'", { 'x-own-default': "'\\N{BULLET}'" }],
  ])("of %s is the notebook's own", (source, schema) => {
    expect(read(source)).toEqual({ x: schema })
    expect(injected(source, '')).toBe('{}')
    expect(injected(source, 'x=5')).toBe('{"x":5}')
  })

  it.each([
    ['x = (3, 4)', { type: 'array', items: { type: 'integer' }, default: [3, 4], 'x-own-default': '(3, 4)' }],
    ['x = 3, 4', { type: 'array', items: { type: 'integer' }, default: [3, 4], 'x-own-default': '3, 4' }],
    ['x: float = 1', { type: 'number', default: 1, 'x-own-default': '1' }],
    ['x = {"a": 1.0}', { type: 'object', default: { a: 1 }, 'x-own-default': '{"a": 1.0}' }],
    ['x: int = 0.5', { type: 'integer', 'x-own-default': '0.5' }],
    ['x = 2 ** 3', { 'x-own-default': '2 ** 3' }],
    ['x = 9007199254740993', { type: 'integer', 'x-own-default': '9007199254740993' }],
  ])('of %s stays, where injecting it would change it', (source, schema) => {
    expect(read(source)).toEqual({ x: schema })
    expect(injected(source, '')).toBe('{}')
  })

  it('is injected as the cell has it', () => {
    expect(injected('a = 1\nb = 1.0\nc = "x"\nd = [0.5, 1.0]\ne = None\nf = 1e-07', '')).toBe(
      '{"a":1,"b":1.0,"c":"x","d":[0.5,1.0],"e":null,"f":1e-07}',
    )
  })

  it('is not known where something else in the cell may have changed it', () => {
    for (const change of ['x += 1', 'if y:\n    x = 2', 'x.append(1)', 'del x', 'for x in y: pass', 'f(x)']) {
      expect(read(`x = 1\n${change}`)).toEqual({ x: { type: 'integer', 'x-own-default': '1' } })
    }
    expect(read('x = 1\nassert x > 0\ny = x + 1')).toMatchObject({
      x: { default: 1 },
      y: { 'x-own-default': 'x + 1' },
    })
    expect(read('x = 1\nx += 1\nx = 3')).toEqual({ x: { type: 'integer', default: 3 } })
  })
})

describe('assignments', () => {
  it('may be several on a line, over several lines, chained or unpacked', () => {
    const source = [
      'a = 1; b = "x;y"  # both',
      'c = [1,  # one',
      '     2]  # two',
      'd = """first',
      'second = 1"""',
      'e = 1 + \\',
      '    2',
      'f = g = 7',
      'h, i = 1, "z"',
      'j, k = pair()',
    ].join('\n')
    expect(read(source)).toEqual({
      a: { type: 'integer', default: 1 },
      b: { description: 'both', type: 'string', default: 'x;y' },
      c: { description: 'two', type: 'array', items: { type: 'integer' }, default: [1, 2] },
      d: { type: 'string', default: 'first\nsecond = 1' },
      e: { 'x-own-default': '1 + \\\n    2' },
      f: { type: 'integer', default: 7 },
      g: { type: 'integer', default: 7 },
      h: { type: 'integer', default: 1 },
      i: { type: 'string', default: 'z' },
      j: { 'x-own-default': 'pair()' },
      k: { 'x-own-default': 'pair()' },
    })
  })

  it('are none where the statement is another', () => {
    const source = `%matplotlib inline
!pip install x=1
import os as y
from z import a
def f(b=1):
    c = 2
class D:
    e: int = 1
if True: g = 1
with open('x') as h:
    i = 1
obj.attribute = 1
table["key"] = 1
_hidden = 1
j == 1
print(k=1)
lambda l=1: l
`
    expect(read(source)).toEqual({})
  })

  it('keep their order, and the last of one name counts', () => {
    const { properties } = inputsFromCell('b = 1\na = 2\nb = "x"\nc: int\nc = 3', 'python')
    expect(Object.entries(properties)).toEqual([
      ['b', { type: 'string', default: 'x' }],
      ['a', { type: 'integer', default: 2 }],
      ['c', { type: 'integer', default: 3 }],
    ])
  })

  it('may be named as members that objects have', () => {
    expect(
      Object.keys(inputsFromCell('constructor = 1\ntoString = 2\n__proto__ = 3', 'python').properties),
    ).toEqual(['constructor', 'toString'])
  })
})

describe('descriptions', () => {
  it('are the comment behind, else the lines right above, without a title', () => {
    const source = `# Parameters
a = 1

# Of another thing

b = 2
# How bright
# it is
c = 3
# not this
d = 4  # but this
#: In Sphinx's way
e = 5`
    const read5 = read(source)
    expect(Object.values(read5).map(({ description }) => description)).toEqual([
      undefined,
      undefined,
      'How bright it is',
      'but this',
      "In Sphinx's way",
    ])
  })
})

describe('formats', () => {
  const bbox = { type: 'array', format: 'bbox', items: { type: 'number' }, minItems: 4, maxItems: 6 }

  it('bbox: by the name, where the value is one', () => {
    expect(read('bbox = [0.0, 0.0, 1.0, 1.0]')).toEqual({ bbox: { ...bbox, default: [0, 0, 1, 1] } })
    expect(read('scene_bbox = None')).toEqual({ scene_bbox: bbox })
    expect(read('BBOX: list[float]')).toEqual({ BBOX: { ...bbox, required: true } })
    expect(read('bbox = [500000.0, 0.0, 600000.0, 1.0]')['bbox']?.format).toBeUndefined()
    expect(read('bbox = "0,0,1,1"')['bbox']).toEqual({ type: 'string', default: '0,0,1,1' })
    expect(read('bbox = area()')['bbox']).toEqual({ 'x-own-default': 'area()' })
    expect(read('bbox: str = None')['bbox']).toEqual({ type: 'string' })
  })

  it('uri: by the name, where the value is a URL', () => {
    expect(read('cog_url = "https://a/x.tif"')['cog_url']?.format).toBe('uri')
    expect(read('cog_url = ""')['cog_url']?.format).toBeUndefined()
    expect(read('cog_urls = ["s3://a/x.tif"]')['cog_urls']?.items?.format).toBe('uri')
    expect(read('curl = "https://a/x.tif"')['curl']?.format).toBeUndefined()
  })

  it('dates: by annotation only', () => {
    expect(read('day = "2024-01-01"')['day']?.format).toBeUndefined()
  })
})

describe('other languages', () => {
  it('R', () => {
    expect(
      read(
        '# Parameters\nx <- 1 # how many\ny = "a # b"\nz <- 5L\nw <- c(1, 2)\n\n# The\n# flag\nb <- TRUE\nn <- NULL\nif (x == 1) y <- 2',
        'R',
      ),
    ).toEqual({
      x: { description: 'how many', type: 'number', default: 1 },
      y: { type: 'string', default: 'a # b' },
      z: { type: 'integer', default: 5 },
      w: { 'x-own-default': 'c(1, 2)' },
      b: { description: 'The flag', type: 'boolean', default: true },
      n: {},
    })
  })

  it('Julia', () => {
    expect(
      read('x::Int = 5\ny = "a $b" # why\nz = 1e5\nn = nothing\ns = "a\\"b"\nf(x) = 1', 'julia'),
    ).toEqual({
      x: { type: 'integer', default: 5 },
      y: { description: 'why', 'x-own-default': '"a $b"' },
      z: { type: 'number', default: 100000 },
      n: {},
      s: { type: 'string', default: 'a"b' },
    })
  })

  it('bash', () => {
    expect(read('x=5\ny="a b" # why\nz=$(date)\nw=\'$x\'\nexport e=\np=~/x\nq=007\nr = 1', 'bash')).toEqual({
      x: { type: 'integer', default: 5 },
      y: { description: 'why', type: 'string', default: 'a b' },
      z: { 'x-own-default': '$(date)' },
      w: { type: 'string', default: '$x' },
      e: { type: 'string', default: '' },
      p: { 'x-own-default': '~/x' },
      q: { type: 'string', default: '007' },
    })
  })

  it('are not read, and it says so', () => {
    expect(inputsFromCell('val x = 1', 'scala')).toMatchObject({
      properties: {},
      required: [],
      description: 'The parameters cell of a notebook in scala cannot be read for its inputs.',
    })
  })
})

describe('cells that cannot be read', () => {
  it.each([
    ['x = [1', 'a bracket has no end'],
    ['x = "a', 'a string has no end'],
    ['x = """a', 'a string has no end'],
    [`x = ${'f"{'.repeat(10_000)}`, 'a string has no end'],
    [`x = ${'['.repeat(50_000)}`, 'a bracket has no end'],
    ['#'.repeat(100_001), 'longer than 100000 characters'],
  ])('number %#', (source, reason) => {
    expect(inputsFromCell(source, 'python')).toMatchObject({
      properties: {},
      description: expect.stringContaining(reason),
    })
  })

  it('leave a value unknown that lies too deep', () => {
    const deep = `${'['.repeat(1000)}${']'.repeat(1000)}`
    expect(Object.keys(read(`x = ${deep}`)['x'] ?? {})).toEqual(['x-own-default'])
    expect(read(`x: ${'list['.repeat(1000)}int${']'.repeat(1000)} = 1`)['x']?.default ?? 'unknown').toBe(
      'unknown',
    )
  })

  it('have no inputs where they are empty', () => {
    expect(read('')).toEqual({})
    expect(read('# nothing\n\n   \n')).toEqual({})
  })
})

it('reads the parameters cell of a real notebook', () => {
  const cell = 'red_url = ""\nnir_url = ""\nbbox = [0.0, 0.0, 1.0, 1.0]\nthreshold = 0.3\nscale = 1'
  expect(injected(cell, 'scale=2')).toBe(
    '{"red_url":"","nir_url":"","bbox":[0.0,0.0,1.0,1.0],"threshold":0.3,"scale":2}',
  )
})
