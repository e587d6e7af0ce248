import { chmod, mkdir, symlink, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { headingOf } from '../../src/catalog/heading.ts'
import { type CatalogSource, readSource } from '../../src/catalog/source.ts'
import { endless, html, redirect, startHttpServer, tagged, text } from '../support/http-server.ts'
import { notebook } from '../support/notebooks.ts'
import { tempFolder } from '../support/temp-folder.ts'

let stack: AsyncDisposableStack
let folder: string

beforeEach(async () => {
  stack = new AsyncDisposableStack()
  folder = stack.use(await tempFolder()).path
})
afterEach(() => stack.disposeAsync())

function read(source: CatalogSource, etag?: string, ownOrigin?: string) {
  const policy = { allowedHosts: [], ...(ownOrigin === undefined ? {} : { ownOrigin }) }
  return readSource(source, { policy, etag, headingOf: async (bytes) => headingOf(bytes) })
}

async function put(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, content)
  return path
}

async function listed(path = folder) {
  const content = await read({ kind: 'path', path })
  if (content.status !== 'fresh') throw new Error('It is new.')
  const entries: unknown = JSON.parse(content.text)
  return { ...content, entries }
}

describe('an http source', () => {
  it('is the text as it came, based on where it was found after redirects', async () => {
    await using server = await startHttpServer()
    server.on('/catalogue', redirect('/v2/catalogue.json'))
    server.on('/v2/catalogue.json', tagged('[ ]', '"1"'))
    const url = `${server.origin}/catalogue`
    expect(await read({ kind: 'http', url }, undefined, server.origin)).toEqual({
      status: 'fresh',
      text: '[ ]',
      base: { kind: 'http', url: `${server.origin}/v2/catalogue.json` },
      broken: [],
      etag: '"1"',
    })
    expect(await read({ kind: 'http', url }, '"1"', server.origin)).toEqual({ status: 'unchanged' })
  })

  it('that is served by the page is read to its end, as one list', async () => {
    await using server = await startHttpServer()
    const page = (ids: string[], next?: string) =>
      text(
        JSON.stringify({
          type: 'FeatureCollection',
          features: ids.map((id) => ({ id })),
          links: [{ rel: 'self', href: '/x' }, ...(next === undefined ? [] : [{ rel: 'next', href: next }])],
        }),
        { etag: '"1"' },
      )
    server.on('/items', page(['a', 'b'], '/items/2'))
    server.on('/items/2', page(['c'], `${server.origin}/items/3`))
    server.on('/items/3', page(['d']))
    const source: CatalogSource = { kind: 'http', url: `${server.origin}/items` }
    const content = await read(source, undefined, server.origin)
    if (content.status !== 'fresh') throw new Error('It is new.')
    expect(JSON.parse(content.text)).toMatchObject({ features: ['a', 'b', 'c', 'd'].map((id) => ({ id })) })
    expect(content.etag).toBeUndefined()

    server.on('/items/3', page(['d'], '/items/2'))
    await expect(read(source, undefined, server.origin)).rejects.toThrow(
      /more than 2000 records or 100 pages/,
    )
    server.on('/items/2', text('[]'))
    await expect(read(source, undefined, server.origin)).rejects.toThrow(/Page 2 .* not a list of records/)
    server.on('/items', page(['a'], 'http://127.0.0.1:1/items'))
    await expect(read(source, undefined, server.origin)).rejects.toThrow(/not among the hosts/)
  })

  it('that is huge, HTML or not UTF-8 is an error with a reason', async () => {
    await using server = await startHttpServer()
    const at = (path: string) => read({ kind: 'http', url: server.origin + path }, undefined, server.origin)
    server.on('/huge', endless())
    await expect(at('/huge')).rejects.toThrow(/larger than 10 MiB/)
    server.on('/html', html())
    await expect(at('/html')).rejects.toThrow(/a web page/)
    server.on('/latin1', text(Buffer.from('["é"]', 'latin1')))
    await expect(at('/latin1')).rejects.toThrow(/not UTF-8/)
  })
})

describe('a file', () => {
  it('is the text as it is, based on its folder', async () => {
    const path = await put('c.json', '{"notebooks": []}')
    const content = await listed(path)
    expect(content).toMatchObject({
      text: '{"notebooks": []}',
      base: { kind: 'file', path: folder },
      broken: [],
    })
    expect(await read({ kind: 'path', path }, content.etag)).toEqual({ status: 'unchanged' })
    await utimes(path, new Date(), new Date(Date.UTC(2001, 0, 1)))
    expect(await read({ kind: 'path', path }, content.etag)).toMatchObject({ status: 'fresh' })
  })

  it('that is one notebook is a catalogue of one', async () => {
    const path = await put('My Map.ipynb', notebook('a = 1', { markdown: ['# The map'] }))
    expect(await listed(path)).toMatchObject({
      base: { kind: 'file', path: folder },
      entries: [
        { id: 'My-Map', file: './My Map.ipynb', type: 'notebook', title: 'The map', description: '' },
      ],
    })
  })

  it('that is missing, too large or unreadable is an error that names it', async () => {
    const missing = join(folder, 'none.json')
    await expect(read({ kind: 'path', path: missing })).rejects.toThrow(
      'The catalogue "none.json" does not exist.',
    )
    const large = await put('large.json', Buffer.alloc(10 * 2 ** 20 + 1, ' '))
    await expect(read({ kind: 'path', path: large })).rejects.toThrow(/is larger than 10 MiB/)
    const binary = await put('binary.json', Buffer.from([0xff, 0xfe]))
    await expect(read({ kind: 'path', path: binary })).rejects.toThrow(/not UTF-8/)
    await expect(read({ kind: 'path', path: join(binary, 'x.json') })).rejects.toThrow(/cannot be read/)
    await chmod(binary, 0)
  })
})

describe('a folder', () => {
  it('with a catalogue.json is that catalogue', async () => {
    await put('catalogue.json', '[1]')
    await put('a.ipynb', notebook())
    expect(await listed()).toMatchObject({ text: '[1]', base: { kind: 'file', path: folder } })
  })

  it('lists every notebook below it, in order, by what it says of itself', async () => {
    await put('b.ipynb', notebook('x = 1'))
    await put(
      'deep/er/Höhe (m).ipynb',
      notebook('x = 1', { markdown: ['# Height\n\nHow *high*\nit is.\n\nMore.'] }),
    )
    await put(
      'a_b.ipynb',
      notebook('x = 1', { markdown: ['Hello', '## A and B #', 'They are **both** here.'] }),
    )
    await put('.hidden.ipynb', notebook())
    await put('.ipynb_checkpoints/b-checkpoint.ipynb', notebook())
    await put('readme.md', '# Not a notebook')
    expect(await listed()).toMatchObject({
      entries: [
        { id: 'a_b', file: './a_b.ipynb', title: 'A and B', description: 'They are both here.' },
        { id: 'b', file: './b.ipynb', title: 'b', description: '' },
        { id: 'Hohe-m', file: './deep/er/Höhe (m).ipynb', title: 'Height', description: 'How high it is.' },
      ],
      broken: [],
      base: { kind: 'file', path: folder },
    })
  })

  it('reports what it cannot list, and lists the rest', async () => {
    await put('good.ipynb', notebook())
    await put('half.ipynb', '{"cells": [')
    await put('list.ipynb', '[]')
    await put('sub/good.ipynb', notebook())
    await put('地図.ipynb', notebook())
    await put('large.ipynb', Buffer.alloc(50 * 2 ** 20 + 1))
    const { entries, broken } = await listed()
    expect(entries).toMatchObject([{ id: 'good', file: './good.ipynb' }])
    expect(broken).toEqual([
      { id: 'half', title: 'half.ipynb', reason: 'It is not a notebook: it is not JSON.' },
      { id: 'large', title: 'large.ipynb', reason: 'It is larger than 50 MiB.' },
      { id: 'list', title: 'list.ipynb', reason: 'It is not a notebook: it has no nbformat.' },
      {
        id: 'sub/good.ipynb',
        title: 'sub/good.ipynb',
        reason: '"good.ipynb" has the same name; rename one of them.',
      },
      { id: '地図.ipynb', title: '地図.ipynb', reason: 'Its name has no Latin letter or digit for an id.' },
    ])
  })

  it('is left by no link, but links inside of it are followed', async () => {
    await using elsewhere = await tempFolder()
    await writeFile(join(elsewhere.path, 'secret.ipynb'), notebook('x = 1', { markdown: ['# Secret'] }))
    await symlink(join(elsewhere.path, 'secret.ipynb'), join(folder, 'file.ipynb'))
    await symlink(elsewhere.path, join(folder, 'folder'))
    await symlink(join(folder, 'gone.ipynb'), join(folder, 'dangling.ipynb'))
    // As Kubernetes mounts a ConfigMap.
    await put('..data/mounted.ipynb', notebook())
    await symlink('..data/mounted.ipynb', join(folder, 'mounted.ipynb'))
    const { entries, broken, text: all } = await listed()
    expect(entries).toMatchObject([{ id: 'mounted', file: './mounted.ipynb' }])
    expect(broken.map(({ id, reason }) => [id, reason])).toEqual([
      ['dangling', 'It is a link that leads out of the folder.'],
      ['file', 'It is a link that leads out of the folder.'],
    ])
    expect(all).not.toContain('Secret')
  })

  it('is read again only when a notebook changes, comes or goes', async () => {
    const path = await put('a.ipynb', notebook())
    const { etag } = await listed()
    await put('readme.md', 'Nothing of interest.')
    expect(await read({ kind: 'path', path: folder }, etag)).toEqual({ status: 'unchanged' })
    await writeFile(path, notebook('something = "longer"'))
    expect(await read({ kind: 'path', path: folder }, etag)).toMatchObject({ status: 'fresh' })
    const { etag: second } = await listed()
    await put('b.ipynb', notebook())
    expect(await read({ kind: 'path', path: folder }, second)).toMatchObject({ status: 'fresh' })
  })

  it('that is empty is an empty catalogue; one that is not there is an error', async () => {
    expect(await listed()).toMatchObject({ entries: [], broken: [] })
    const none = join(folder, 'none')
    await expect(read({ kind: 'path', path: none })).rejects.toThrow('The catalogue "none" does not exist.')
  })
})

describe('what a notebook says of itself', () => {
  it.each([
    [['# One\n\nText.'], { title: 'One', description: 'Text.' }],
    [['# One\nText right below.'], { title: 'One', description: 'Text right below.' }],
    [['Text before.\n\n# One'], { title: 'One' }],
    [['![logo](l.png)\n# One'], { title: 'One' }],
    [['# `One` [two](http://x) snake_case_name'], { title: 'One two snake_case_name' }],
    [['# One', '- a list', '<b>html</b>', 'Then text.'], { title: 'One', description: 'Then text.' }],
    [['#hash is no heading'], {}],
    [['# '], {}],
    [[], {}],
  ])('%j', (markdown, expected) => {
    expect(headingOf(notebook('x = 1', { markdown }))).toEqual(expected)
  })

  it('ends where code begins', () => {
    const cells = [
      { cell_type: 'raw', source: '# raw' },
      { cell_type: 'code', source: '# code' },
      { cell_type: 'markdown', source: ['# Late\n', '## Sub\n'] },
      { cell_type: 'code', source: 'x' },
      { cell_type: 'markdown', source: 'Later.' },
    ]
    const bytes = new TextEncoder().encode(JSON.stringify({ nbformat: 4, cells }))
    expect(headingOf(bytes)).toEqual({ title: 'Late' })
  })

  it('may be nonsense and still do no harm', () => {
    for (const cells of [
      null,
      1,
      'x',
      {},
      [null],
      [1],
      [{ cell_type: 'markdown' }],
      [{ cell_type: 'markdown', source: [1] }],
    ]) {
      expect(headingOf(new TextEncoder().encode(JSON.stringify({ nbformat: 4, cells })))).toEqual({})
    }
  })

  it('does not take long however it is written', () => {
    const markdown = [
      '#'.repeat(50_000),
      `${'a\n'.repeat(50_000)}#`,
      `# ${'# '.repeat(50_000)}x`,
      `# ${'['.repeat(50_000)}`,
    ]
    for (const source of markdown) headingOf(notebook('x = 1', { markdown: [source] }))
  }, 10_000)
})
