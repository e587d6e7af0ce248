import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { describe, expect, it } from 'vitest'
import { readCatalogue } from '../../src/catalog/formats.ts'
import { inputsFromCell } from '../../src/notebook/parameters-cell.ts'

const ROOT = join(import.meta.dirname, '../..')
const PAGES = [...(await pagesIn('.')), ...(await pagesIn('docs'))]

async function pagesIn(folder: string): Promise<string[]> {
  const names = await readdir(join(ROOT, folder))
  return names.filter((name) => name.endsWith('.md')).map((name) => join(folder, name))
}

const Rules = Type.Object({
  forbidden: Type.Array(
    Type.Object({ name: Type.String(), to: Type.Object({ pathNot: Type.Optional(Type.String()) }) }),
  ),
})

const read = (page: string) => readFile(join(ROOT, page), 'utf8')

/** As on the pages of the usual hosts: lower case, hyphens for blanks, no punctuation. */
function anchors(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

describe.each(PAGES)('%s', (page) => {
  it('links to what is there', async () => {
    const text = await read(page)
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
    const dead: string[] = []
    for (const link of links.filter((one) => !/^https?:/.test(one))) {
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? page : join(dirname(page), path)
      const there = existsSync(join(ROOT, target))
      if (!there || (anchor !== undefined && !anchors(await read(target)).includes(anchor))) dead.push(link)
    }
    expect(dead).toEqual([])
  })

  it('names files that are there', async () => {
    const named = (await read(page)).matchAll(
      /(?<![\w/])(?:web|src|test|docs|scripts|bench|examples|migrations|runtime)\/[\w./-]*\w/g,
    )
    const missing = [...new Set([...named].map(([path]) => path))].filter(
      (path) => !existsSync(join(ROOT, path)),
    )
    expect(missing).toEqual([])
  })
})

describe('docs/catalogue.md', () => {
  const block = async (language: string) =>
    new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(await read('docs/catalogue.md'))?.[1] ?? ''

  it('has a catalogue that is right', async () => {
    const { entries, broken } = readCatalogue(await block('json'), { kind: 'file', path: ROOT })
    expect(broken).toEqual([])
    expect(entries[0]?.inputs?.required).toEqual(['cog_url', 'bands'])
  })

  it('has a parameters cell that is read as it says', async () => {
    const { properties, required } = inputsFromCell(await block('python'), 'python')
    expect(required).toEqual(['cog_url'])
    expect(properties).toMatchObject({
      cog_url: { type: 'string', description: 'Address of a Cloud Optimized GeoTIFF' },
      bbox: { format: 'bbox' },
      year: { type: 'integer', default: 2024 },
      season: { enum: ['spring', 'summer'], default: 'summer' },
    })
  })
})

describe('README.md', () => {
  it('has pictures of less than 200 kB', async () => {
    const pictures = [...(await read('README.md')).matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)]
    expect(pictures).not.toHaveLength(0)
    for (const [, path = ''] of pictures)
      expect((await readFile(join(ROOT, path))).byteLength).toBeLessThan(200_000)
  })
})

describe('docs/architecture.md', () => {
  it('has each layer with what it may import', async () => {
    const text = await read('docs/architecture.md')
    const rows = [...text.matchAll(/^\| `(\w+)(?:\.ts)?` \|[^|]*\|([^|]*)\|$/gm)]
    const told = rows.map(([, name = '', imports = '']): [string, string[]] => [
      name,
      [...imports.matchAll(/`(\w+)`/g)].map(([, one = '']) => one).sort(),
    ])
    expect(Object.fromEntries(told)).toEqual(layers())
  })
})

/** The layers of .dependency-cruiser.cjs by its rules, which say what a layer may import besides itself. */
function layers(): Readonly<Record<string, readonly string[]>> {
  const { forbidden } = Value.Parse(Rules, createRequire(import.meta.url)('../../.dependency-cruiser.cjs'))
  const rules = forbidden.filter(({ name }) => name.endsWith('-imports-one-way'))
  return Object.fromEntries(
    rules.map(({ name, to }) => {
      const layer = name.replace('-imports-one-way', '')
      const allowed = /\(([^)]*)\)/.exec(to.pathNot ?? '')?.[1]?.split('|') ?? []
      return [layer, allowed.filter((one) => one !== layer).sort()]
    }),
  )
}
