import { describe, expect, it } from 'vitest'
import { type CatalogueBase, readCatalogue } from '../../src/catalog/formats.ts'
import { parseQuery } from '../../src/notebook/input-values.ts'
import type { InputSchema } from '../../src/notebook/inputs-schema.ts'
import { errorOf } from '../support/inputs.ts'

const WEB: CatalogueBase = { kind: 'http', url: 'https://catalogue.example/notebooks/catalogue.json?v=1' }
const FOLDER: CatalogueBase = { kind: 'file', path: '/srv/notebooks' }

const read = (document: unknown, base: CatalogueBase = WEB) => readCatalogue(JSON.stringify(document), base)

/** The one entry of a catalogue that has nothing broken. */
function one(entry: object, base: CatalogueBase = WEB) {
  const { entries, broken } = read([{ id: 'a', file: 'a.ipynb', ...entry }], base)
  expect(broken).toEqual([])
  const [only] = entries
  if (only === undefined) throw new Error('no entry')
  return only
}

function reason(entry: object, base: CatalogueBase = WEB): string {
  const { entries, broken } = read(
    [
      { id: 'a', file: 'a.ipynb', ...entry },
      { id: 'good', file: 'good.ipynb' },
    ],
    base,
  )
  expect(entries.map(({ id }) => id)).toEqual(['good'])
  expect(broken).toHaveLength(1)
  expect(broken[0]?.id).toBe('a')
  return broken[0]?.reason ?? ''
}

/** The schema of an input `x` of this spec, and whether it is required. */
function input(spec: unknown, entry: object = {}): InputSchema & { required: boolean } {
  const { inputs } = one({ inputSpec: { x: spec }, ...entry })
  return { ...inputs?.properties['x'], required: inputs?.required.includes('x') ?? false }
}

describe('the flat list of today', () => {
  it('has notebooks, with workflows passed over', () => {
    const { entries, broken } = read([
      {
        id: 'ndvi_calculation',
        type: 'notebook',
        file: 'ndvi/ndvi calculation.ipynb',
        title: 'NDVI',
        description: 'Vegetation',
        collections: ['sentinel2_ard', 1],
        markdown_file: 'ndvi.md',
        inputSpec: { cog_url: 'singleUrl', bbox: 'bbox' },
      },
      { id: 'workflow', type: 'workflow', file: 'x.cwl' },
      {
        id: 'mean_value_calculation',
        file: 's3://notebooks/mean.ipynb',
        minItems: 1,
        maxItems: 10,
        inputSpec: { cogs: 'urlList' },
      },
    ])
    expect(broken).toEqual([])
    expect(entries).toEqual([
      {
        id: 'ndvi_calculation',
        title: 'NDVI',
        description: 'Vegetation',
        template: { kind: 'http', url: 'https://catalogue.example/notebooks/ndvi/ndvi%20calculation.ipynb' },
        collections: ['sentinel2_ard'],
        inputs: {
          $schema: 'https://json-schema.org/draft/2020-12/schema',
          type: 'object',
          properties: {
            cog_url: { type: 'string', format: 'uri' },
            bbox: { type: 'array', format: 'bbox', items: { type: 'number' }, minItems: 4, maxItems: 6 },
          },
          required: ['cog_url'],
          additionalProperties: false,
        },
      },
      {
        id: 'mean_value_calculation',
        title: 'mean_value_calculation',
        description: '',
        template: { kind: 's3', bucket: 'notebooks', key: 'mean.ipynb' },
        collections: [],
        inputs: {
          $schema: 'https://json-schema.org/draft/2020-12/schema',
          type: 'object',
          properties: {
            cogs: { type: 'array', items: { type: 'string', format: 'uri' }, minItems: 1, maxItems: 10 },
          },
          required: ['cogs'],
          additionalProperties: false,
        },
      },
    ])
  })

  it('says kernel, mode and example link in words of our own', () => {
    expect(one({ kernel: 'ir', mode: 'execute', example: '?x=1' })).toMatchObject({
      kernel: 'ir',
      mode: 'execute',
      example: 'x=1',
    })
    expect(reason({ mode: 'run' })).toContain('"mode"')
    expect(reason({ kernel: '../x' })).toContain('kernel')
  })

  it('leaves the inputs to the notebook where the entry has none', () => {
    expect(one({}).inputs).toBeUndefined()
    expect(one({ inputSpec: null }).inputs).toBeUndefined()
    expect(one({ inputSpec: {} }).inputs?.properties).toEqual({})
  })
})

describe('the older {"notebooks": […]}', () => {
  it('has labels, and inputs as a list', () => {
    const { entries } = read({
      notebooks: [
        {
          id: 'ndvi',
          label: 'NDVI',
          path: 'ndvi.ipynb',
          inputSpec: [
            { name: 'red_url', type: 'string', required: true },
            { name: 'bbox', type: 'bbox', default: [0, 0, 1, 1] },
            { name: 'threshold', type: 'number', default: 0.3 },
            { name: 'scale', type: 'integer', default: 1, required: true },
          ],
        },
      ],
    })
    expect(entries[0]).toMatchObject({
      title: 'NDVI',
      template: { url: 'https://catalogue.example/notebooks/ndvi.ipynb' },
    })
    const inputs = entries[0]?.inputs
    expect(inputs?.required).toEqual(['red_url'])
    expect(Object.keys(inputs?.properties ?? {})).toEqual(['red_url', 'bbox', 'threshold', 'scale'])
    if (inputs === undefined) throw new Error('no inputs')
    const values = parseQuery(inputs, new URLSearchParams('red_url=x'))
    expect([...values.keys()]).toEqual(['red_url', 'bbox', 'threshold', 'scale'])
  })
})

describe('an input', () => {
  it.each([
    ['singleUrl', { type: 'string', format: 'uri', required: true }],
    ['text', { type: 'string', required: false }],
    ['a word nobody knows', { type: 'string', required: false }],
    ['DateTime', { type: 'string', format: 'date-time', required: false }],
    ['stac-item', { type: 'string', format: 'stac-item', required: false }],
    [
      { type: 'singleUrl', required: false },
      { type: 'string', format: 'uri', required: false },
    ],
    [
      { type: 'singleUrl', default: 'https://a/' },
      { type: 'string', format: 'uri', default: 'https://a/', required: false },
    ],
    [
      { type: 'number', min: 0, max: '1', default: '0.5' },
      { type: 'number', minimum: 0, maximum: 1, default: 0.5, required: false },
    ],
    [
      { type: 'integer', enum: [1, '2'], required: true },
      { type: 'integer', enum: [1, 2], required: true },
    ],
    [
      { type: 'boolean', default: 'true' },
      { type: 'boolean', default: true, required: false },
    ],
    [
      { type: 'string', format: 'date', default: '' },
      { type: 'string', format: 'date', required: false },
    ],
    [
      { type: 'text', default: '' },
      { type: 'string', default: '', required: false },
    ],
    [
      { type: 'text', default: null, min: 3 },
      { type: 'string', required: false },
    ],
    [
      { type: 'text', pattern: '^S2', minLength: 2, maxLength: 9 },
      { type: 'string', pattern: '^S2', minLength: 2, maxLength: 9, required: false },
    ],
    [
      { type: 'integer', format: 'int32' },
      { type: 'integer', required: false },
    ],
    [
      { type: 'object', format: 'geojson' },
      { type: 'object', format: 'geojson', required: false },
    ],
    [
      { type: 'list', items: 'number', minItems: 2 },
      { type: 'array', items: { type: 'number' }, minItems: 2, required: false },
    ],
    [
      { type: 'array', items: { type: 'string', format: 'date' } },
      { type: 'array', items: { type: 'string', format: 'date' }, required: false },
    ],
    [
      { type: 'text', label: 'Name', description: 'Of it', placeholder: 'such as', required: true },
      { type: 'string', title: 'Name', description: 'Of it', examples: ['such as'], required: true },
    ],
  ])('%j', (spec, schema) => {
    expect(input(spec)).toEqual(schema)
  })

  it('has its own limits before those of its entry', () => {
    expect(input({ type: 'urlList', maxItems: 3 }, { minItems: 2, maxItems: 10 })).toMatchObject({
      minItems: 2,
      maxItems: 3,
    })
    expect(input('bbox', { minItems: 1, maxItems: 10 })).toMatchObject({ minItems: 4, maxItems: 6 })
  })

  it('may have a name that objects have already', () => {
    const { inputs } = one({ inputSpec: { constructor: 'text', toString: 'number' } })
    expect(Object.entries(inputs?.properties ?? {})).toEqual([
      ['constructor', { type: 'string' }],
      ['toString', { type: 'number' }],
    ])
  })

  it.each([
    [{ '1x': 'text' }, 'Input "1x": a name has'],
    [{ _x: 'text' }, 'Input "_x": a name has'],
    [{ 'x y': 'text' }, 'Input "x y": a name has'],
    [{ x: 1 }, 'Input "x": a type or an object'],
    [{ x: null }, 'Input "x": a type or an object'],
    [[{ type: 'text' }], 'One of its inputs has no name.'],
    [[{ name: 'x' }, { name: 'x' }], 'Input "x" is there twice.'],
    ['text', 'Its inputs are neither an object nor a list.'],
    [{ x: { type: 1 } }, 'Input "x": Its "type" is not text.'],
    [{ x: { type: 'integer', default: 'many' } }, 'Input "x": its default does not fit: got "many".'],
    [{ x: { type: 'integer', default: 2 ** 60 } }, 'beyond 2^53'],
    [{ x: { type: 'bbox', default: [0, 0, 1] } }, 'got 3 numbers'],
    [{ x: { type: 'number', min: 'low' } }, '"min" is no number'],
    [{ x: { type: 'urlList', maxItems: -1 } }, '"maxItems" is no number'],
    [{ x: { type: 'text', enum: [] } }, '"enum" is not a list of choices'],
    [{ x: { type: 'text', enum: [1] } }, 'one of its choices does not fit its type'],
    [{ x: { type: 'text', required: 'yes' } }, '"required" is neither true nor false'],
    [
      { x: { type: 'text', pattern: '(?=a)b' } },
      'its pattern cannot be used: it is not a regular expression of RE2',
    ],
    [
      Object.fromEntries(Array.from({ length: 201 }, (_, index) => [`x${index}`, 'text'])),
      'more than 200 inputs',
    ],
  ])('that is wrong breaks its entry alone: %j', (inputSpec, problem) => {
    expect(reason({ inputSpec })).toContain(problem)
  })
})

describe('OGC API Records', () => {
  const record = {
    id: 'ndwi_notebook',
    type: 'Feature',
    geometry: null,
    properties: {
      type: 'notebook',
      title: 'NDWI',
      description: 'Water',
      applicableCollections: ['sentinel2_ard'],
      inputParameters: {
        STAC_COLLECTION_NAME: { label: 'Collection', type: 'string', description: 'Its name' },
        STAC_ITEM_LINK: { label: 'Item', type: 'raster' },
        area: { label: 'Area', type: 'string', variableRef: 'AOI', required: true },
        bbox: { type: 'bbox', variableRef: 'AOI' },
        scene: { type: 'geotiff', placeholder: 'https://…' },
        since: { type: 'date', default: '' },
        clouds: { type: 'number', default: '20', min: 0, max: 100 },
      },
      jupyter_kernel_info: { name: 'python3', python_version: 3.11 },
    },
    links: [
      { rel: 'self', href: 'https://elsewhere.example/self.json' },
      { rel: 'enclosure', href: 'https://elsewhere.example/enclosure.ipynb' },
      { rel: 'application', href: 'https://elsewhere.example/ndwi.ipynb', 'jupyter:kernel': { name: 'geo' } },
    ],
  }

  it('are read as the platform writes them', () => {
    const workflow = { ...record, id: 'w', properties: { ...record.properties, type: 'workflow' } }
    const { entries, broken } = read({ type: 'FeatureCollection', features: [workflow, record] })
    expect(broken).toEqual([])
    expect(entries).toHaveLength(1)
    expect(entries[0]).toMatchObject({
      id: 'ndwi_notebook',
      title: 'NDWI',
      description: 'Water',
      template: { kind: 'http', url: 'https://elsewhere.example/ndwi.ipynb' },
      kernel: 'geo',
      collections: ['sentinel2_ard'],
    })
    expect(entries[0]?.inputs?.required).toEqual(['area'])
    expect({ ...entries[0]?.inputs?.properties }).toEqual({
      STAC_COLLECTION_NAME: { title: 'Collection', type: 'string', description: 'Its name' },
      STAC_ITEM_LINK: { title: 'Item', type: 'string', format: 'stac-item' },
      area: { title: 'Area', type: 'string', format: 'geojson' },
      bbox: { type: 'array', format: 'bbox', items: { type: 'number' }, minItems: 4, maxItems: 6 },
      scene: { type: 'string', format: 'uri', examples: ['https://…'] },
      since: { type: 'string', format: 'date' },
      clouds: { type: 'number', default: 20, minimum: 0, maximum: 100 },
    })
  })

  it('take the kernel and the link where they are', () => {
    const links = [{ rel: 'template', href: 't.ipynb' }, ...record.links]
    const { entries } = read({ features: [{ ...record, links }] })
    expect(entries[0]).toMatchObject({
      kernel: 'python3',
      template: { kind: 'http', url: 'https://catalogue.example/notebooks/t.ipynb' },
    })
  })

  it('are told by name where they are broken', () => {
    const { entries, broken } = read({ features: [{ ...record, links: [] }, { id: 'b' }, record, 1] })
    expect(entries).toHaveLength(1)
    expect(broken).toEqual([
      {
        id: 'ndwi_notebook',
        title: 'NDWI',
        reason: 'The record has no link of relation template, application, enclosure.',
      },
      { id: 'b', reason: 'The record has no "properties".' },
      { id: 'entry 4', reason: 'It is not a JSON object.' },
    ])
  })
})

describe('where a notebook is', () => {
  it.each([
    ['a.ipynb', FOLDER, { kind: 'file', path: '/srv/notebooks/a.ipynb' }],
    ['./sub/a b.ipynb', FOLDER, { kind: 'file', path: '/srv/notebooks/sub/a b.ipynb' }],
    ['%2e%2e', FOLDER, { kind: 'file', path: '/srv/notebooks/%2e%2e' }],
    ['file:///opt/a%20b.ipynb', FOLDER, { kind: 'file', path: '/opt/a b.ipynb' }],
    ['https://h.example/a.ipynb#x', FOLDER, { kind: 'http', url: 'https://h.example/a.ipynb' }],
    ['s3://bucket/a/b c.ipynb', WEB, { kind: 's3', bucket: 'bucket', key: 'a/b c.ipynb' }],
    [
      'sub/é.ipynb?raw=1',
      WEB,
      { kind: 'http', url: 'https://catalogue.example/notebooks/sub/%C3%A9.ipynb?raw=1' },
    ],
  ] as const)('%s', (file, base, template) => {
    expect(one({ file }, base).template).toEqual(template)
  })

  it.each([
    ['../a.ipynb', FOLDER],
    ['sub/../../a.ipynb', FOLDER],
    ['/etc/passwd', FOLDER],
    ['..\\a.ipynb', FOLDER],
    ['file://elsewhere/a.ipynb', FOLDER],
    ['a\0.ipynb', FOLDER],
    ['', FOLDER],
    ['../a.ipynb', WEB],
    ['%2e%2e/a.ipynb', WEB],
    ['..%2fa.ipynb', WEB],
    ['%5c%5celsewhere/a.ipynb', WEB],
    ['%zz.ipynb', WEB],
    ['//elsewhere.example/a.ipynb', WEB],
    ['/a.ipynb', WEB],
    ['file:///etc/passwd', WEB],
    ['FILE:///etc/passwd', WEB],
    ['ftp://h.example/a.ipynb', WEB],
    ['data:application/json,{}', WEB],
    ['https://user:word@h.example/a.ipynb', WEB],
    ['https://', WEB],
    ['s3://bucket', WEB],
    ['s3://b/../x', WEB],
  ])('%j of %j is refused', (file, base) => {
    expect(reason({ file }, base)).toMatch(/^Its notebook cannot be located: .+\.$/)
  })

  it('has to be said', () => {
    expect(reason({ file: undefined })).toContain('"file", "path" or "url" is expected')
    expect(reason({ file: 1 })).toBe('Its "file" is not text.')
  })
})

describe('ids', () => {
  it.each(['', '../a', 'a/b', '.a', 'a b', 'é', 'a'.repeat(129), '__proto__', '<script>'])(
    '%j is no id',
    (id) => {
      const { entries, broken } = read([
        { id, file: 'a.ipynb' },
        { id: 'good', file: 'a.ipynb' },
      ])
      expect(entries.map((entry) => entry.id)).toEqual(['good'])
      expect(broken).toHaveLength(1)
      expect(broken[0]?.reason).toContain('id')
      expect(broken[0]?.id.length).toBeLessThanOrEqual(128)
    },
  )

  it('are there once', () => {
    const { entries, broken } = read([
      { id: 'a', file: 'first.ipynb' },
      { id: 'a', file: 'second.ipynb', title: 'Second' },
      { id: 'constructor', file: 'c.ipynb' },
      { file: 'd.ipynb' },
    ])
    expect(entries.map((entry) => entry.id)).toEqual(['a', 'constructor'])
    expect(entries[0]?.template).toMatchObject({ url: 'https://catalogue.example/notebooks/first.ipynb' })
    expect(broken).toEqual([
      { id: 'a', title: 'Second', reason: 'An entry before it has the same id.' },
      { id: 'entry 4', reason: 'It has no id.' },
    ])
  })
})

describe('what is no catalogue', () => {
  it.each([
    ['', 'is empty'],
    ['  \n', 'is empty'],
    ['<!doctype html><title>Sign in</title>', 'is a web page'],
    ['[{"id":"a","file":"a.ipynb"},{"id":', 'is not complete JSON'],
    ['not json', 'is not complete JSON'],
    ['{"items":[]}', 'neither a list of notebooks'],
    ['{"notebooks":{}}', 'neither a list of notebooks'],
    ['"text"', 'neither a list of notebooks'],
    ['null', 'neither a list of notebooks'],
    ['['.repeat(100_000), 'is not complete JSON'],
  ])('%j', (text, words) => {
    const error = errorOf(() => readCatalogue(text, WEB))
    expect(error.code).toBe('catalogue-unavailable')
    expect(error.message).toContain(words)
    expect(error.message.length).toBeLessThan(300)
  })

  it('may be empty, and begin with a byte order mark', () => {
    expect(readCatalogue('\ufeff[]', WEB)).toEqual({ entries: [], broken: [] })
  })
})

it('pollutes nothing', () => {
  const text = `[{"id":"a","file":"a.ipynb","__proto__":{"kernel":"x","polluted":1},"inputSpec":
    {"__proto__":{"type":"text"},"x":{"type":"text","__proto__":{"default":"y"}}}},
    {"id":"b","file":"b.ipynb","constructor":{"prototype":{"polluted":1}},"inputSpec":{"x":"__proto__"}}]`
  const { entries, broken } = readCatalogue(text, WEB)
  expect(broken).toMatchObject([{ id: 'a' }])
  expect(entries.map((entry) => [entry.id, entry.kernel])).toEqual([['b', undefined]])
  expect({ ...entries[0]?.inputs?.properties }).toEqual({ x: { type: 'string' } })
  expect('polluted' in {}).toBe(false)
})
