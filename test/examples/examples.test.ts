import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fastifyStatic from '@fastify/static'
import fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CatalogEntry } from '../../src/catalog/entry.ts'
import { readCatalogue } from '../../src/catalog/formats.ts'
import { parseQuery } from '../../src/notebook/input-values.ts'
import { isObject, type JsonObject, type JsonValue, parseJson } from '../../src/notebook/json.ts'
import { prepareNotebook } from '../../src/notebook/prepare.ts'
import { compileTemplate } from '../../src/notebook/template.ts'
import { tempFolder } from '../support/temp-folder.ts'

const ROOT = join(import.meta.dirname, '../..')
const EXAMPLES = join(ROOT, 'examples')
const run = promisify(execFile)

const { entries, broken } = readCatalogue(readFileSync(join(EXAMPLES, 'catalogue.json'), 'utf8'), {
  kind: 'file',
  path: EXAMPLES,
})

/** Serves the images as the runner does. */
const server = fastify({ forceCloseConnections: true })
let origin = ''
/** What the kernels keep from one notebook to the next: matplotlib's list of fonts takes seconds to make. */
let home = ''
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'notebook-runner-'))
  await server.register(fastifyStatic, { root: join(EXAMPLES, 'data'), prefix: '/examples/data/' })
  origin = await server.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(async () => {
  await server.close()
  await rm(home, { recursive: true })
})

describe('the catalogue of the examples', () => {
  it('is read whole', () => {
    expect(broken).toEqual([])
    expect(entries.map(({ id }) => id)).toEqual([
      'ndvi_calculation',
      'cog_preview',
      'stats_look',
      'mean_value_calculation',
    ])
  })

  it('has every notebook of its folder', () => {
    const notebooks = readdirSync(EXAMPLES).filter((name) => name.endsWith('.ipynb'))
    expect(entries.map(({ id }) => `${id}.ipynb`).sort()).toEqual(notebooks.sort())
  })

  it.each(entries)('declares the inputs that $id has in its parameters cell', async (entry) => {
    const { parametersCell, kernelName, warnings } = compile(await templateOf(entry))
    const names = parametersCell?.split('\n').map((line) => /^\w+(?=:)/.exec(line)?.[0])
    expect(Object.keys(entry.inputs?.properties ?? {})).toEqual(names)
    expect({ kernelName, warnings }).toEqual({ kernelName: 'python3', warnings: [] })
  })

  it.each(entries)('keeps $id without outputs', async (entry) => {
    const cells = cellsOf(await templateOf(entry))
    expect(
      cells.filter((cell) => cell.get('cell_type') === 'code').map((cell) => cell.get('outputs')),
    ).toEqual(cells.filter((cell) => cell.get('cell_type') === 'code').map(() => []))
  })
})

describe('an example', { timeout: 300_000 }, () => {
  it.each(entries)('$id draws its picture from its example link', async (entry) => {
    const query = entry.example?.replaceAll('{PUBLIC_URL}', origin) ?? ''
    const { pictures } = await execute(entry, query)
    expect(pictures).toHaveLength(1)
  })

  it('takes the whole image where the area is left out', async () => {
    const { text } = await execute(byId('ndvi_calculation'), `cog_url=${origin}/examples/data/scene.tif`)
    expect(text).toContain('512 × 512 pixels read of 512 × 512')
  })

  it('says in a sentence that the area is elsewhere', async () => {
    const query = `cog_url=${origin}/examples/data/scene.tif&bbox=1,2,3,4`
    await expect(execute(byId('ndvi_calculation'), query)).rejects.toThrow('lies outside of the image')
  })

  it('names the image that it could not read', async () => {
    const query = `cogs=${origin}/examples/data/scene.tif,${origin}/examples/data/missing.tif`
    await expect(execute(byId('mean_value_calculation'), query)).rejects.toThrow('missing.tif')
  })
})

function byId(id: string): CatalogEntry {
  const entry = entries.find((candidate) => candidate.id === id)
  if (entry === undefined) throw new Error(`no example ${id}`)
  return entry
}

function templateOf(entry: CatalogEntry): Promise<Buffer> {
  if (entry.template.kind !== 'file') throw new Error('the examples are files')
  return readFile(entry.template.path)
}

function compile(bytes: Uint8Array) {
  return compileTemplate(bytes, { newId: () => '00000000' })
}

/** Prepares the notebook as a link would, and runs it in the kernel environment, far from the examples' folder. */
async function execute(entry: CatalogEntry, query: string): Promise<{ pictures: JsonValue[]; text: string }> {
  if (entry.inputs === undefined) throw new Error('the examples declare their inputs')
  await using folder = await tempFolder()
  const parameters = parseQuery(entry.inputs, new URLSearchParams(query))
  const prepared = prepareNotebook(compile(await templateOf(entry)), {
    parameters,
    inputPath: 'in.ipynb',
    outputPath: 'out.ipynb',
    cellId: '0000000a',
  })
  const path = join(folder.path, 'out.ipynb')
  await writeFile(path, prepared)
  await run(join(ROOT, '.venv/bin/jupyter-execute'), ['--inplace', '--startup_timeout=120', path], {
    cwd: folder.path,
    env: { ...process.env, IPYTHONDIR: home, MPLCONFIGDIR: home, JUPYTER_RUNTIME_DIR: home },
  })
  const outputs = cellsOf(await readFile(path)).flatMap((cell) => objects(cell.get('outputs') ?? []))
  const pictures = outputs.flatMap((output) => {
    const data = output.get('data') ?? null
    return isObject(data)
      ? [data.get('image/png') ?? []].filter((picture) => typeof picture === 'string')
      : []
  })
  const text = outputs.flatMap((output) => output.get('text') ?? []).join('')
  return { pictures, text }
}

function cellsOf(bytes: Uint8Array): JsonObject[] {
  const notebook = parseJson(new TextDecoder().decode(bytes))
  return isObject(notebook) ? objects(notebook.get('cells') ?? []) : []
}

function objects(value: JsonValue): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}
