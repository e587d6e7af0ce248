import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { compactJson } from '../../src/notebook/compact-json.ts'
import { isObject, parseJson } from '../../src/notebook/json.ts'
import { scrapsOf } from '../../src/notebook/scraps.ts'
import { executeOn, newNotebook, preparedText } from '../support/executed.ts'
import { startKernels } from '../support/kernels.ts'
import { tempFolder } from '../support/temp-folder.ts'

const ORACLE = join(import.meta.dirname, '../../.venv-oracle/bin/python')

/** What scrapbook itself finds in a notebook. Its threads (of pyarrow) may abort a Python that ends in the usual way. */
const READ = `
import json, os, sys, scrapbook
scraps = scrapbook.read_notebook(sys.argv[1]).scraps
print(json.dumps({name: scrap.data if scrap.encoder in ('json', 'text') else scrap.encoder for name, scrap in scraps.items()}), flush=True)
os._exit(0)
`

it('finds what scrapbook finds, with numbers as they were written', { timeout: 180_000 }, async () => {
  await using kernels = await startKernels()
  await using folder = await tempFolder()
  const { notebook, text, result } = await executeOn(
    kernels,
    preparedText([
      'import scrapbook as sb, pandas\nfrom IPython.display import HTML',
      'sb.glue("mean ndvi", 0.25)\nsb.glue("count", 12345678901234567890)\nsb.glue("words", "é \\" text")',
      'sb.glue("box", [1.0, 2, None])\nsb.glue("tree", {"a": {"b": [True]}})\nsb.glue("parsed", \'{"x": 1}\', "json")',
      'sb.glue("page", HTML("<b>shown</b>"), display=True)\nsb.glue("count", 7)',
      'sb.glue("both", "value and view", display=True)\nprint("no scrap")\n1 + 1',
      'sb.glue("table", pandas.DataFrame({"a": [1]}))',
    ]),
  )
  expect(result).toEqual({ state: 'succeeded' })
  const scraps = scrapsOf(notebook)
  const path = join(folder.path, 'out.ipynb')
  await writeFile(path, text)
  const { stdout } = await promisify(execFile)(ORACLE, ['-c', READ, path])
  const theirs = parseJson(stdout)
  if (!isObject(theirs)) throw new Error(stdout)
  expect([...scraps.keys()]).toEqual([...theirs.keys()])
  for (const [name, value] of theirs) {
    // What is shown as well is a display only to scrapbook, and its value is lost: here it stays.
    if (name === 'page' || name === 'table' || name === 'both') continue
    expect([name, compactJson(scraps.get(name) ?? null)]).toEqual([name, compactJson(value)])
  }
  expect(compactJson(scraps.get('box') ?? null)).toBe('[1.0,2,null]')
  expect(compactJson(scraps.get('page') ?? null)).toBe('{"value":"<b>shown</b>","mediaType":"text/html"}')
  expect(scraps.get('both')).toBe('value and view')
  const table = compactJson(scraps.get('table') ?? null)
  expect(table).toMatch(
    /^{"value":"UEFSM[^"]+","mediaType":"application\/vnd.apache.parquet","encoding":"base64"}$/,
  )
})

it('takes what is no scrap for none', () => {
  const output = (data: object, metadata: object = {}) => ({ output_type: 'display_data', data, metadata })
  const scrap = 'application/scrapbook.scrap.json+json'
  const outputs = [
    output({ [scrap]: 'text' }),
    output({ [scrap]: { name: 1, data: 2 } }),
    output({ [scrap]: { name: 'no data' } }),
    output({ [scrap]: [1] }),
    output({ 'application/json': { name: 'x', data: 1 } }),
    output({ 'text/plain': 'x' }, { scrapbook: { name: 'hidden', display: false } }),
    output({ 'application/octet-stream': 'x' }, { scrapbook: { name: 'odd', display: true } }),
    { output_type: 'stream', name: 'stdout', text: scrap },
    output({ [scrap]: { name: '__proto__', data: 1, encoder: 'json', version: 1 } }),
  ]
  const notebook = newNotebook(preparedText(['x']))
  for (const one of outputs) {
    const parsed = parseJson(JSON.stringify(one))
    if (!isObject(parsed)) throw new Error('no object')
    notebook.apply(0, { type: 'append', output: parsed })
  }
  expect([...scrapsOf(notebook).keys()]).toEqual(['__proto__'])
})
