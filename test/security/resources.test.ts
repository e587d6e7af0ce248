import { chmod, lstat, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Compiler } from '../../src/catalog/compiler.ts'
import { LocalSession, sessionKey } from '../../src/http/local-session.ts'
import { inputsFromCell } from '../../src/notebook/parameters-cell.ts'
import { prepareNotebook } from '../../src/notebook/prepare.ts'
import { compileTemplate, withKernel } from '../../src/notebook/template.ts'
import { runOf } from '../support/answers.ts'
import { startHttpServer, type TestServer, text } from '../support/http-server.ts'
import { notebook } from '../support/notebooks.ts'
import { countedIds, noParameters, utf8 } from '../support/prepare.ts'
import { processorMs } from '../support/processor-time.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { type LocalRunner, startLocalRunner } from './local-runner.ts'

let catalogue: TestServer
let local: LocalRunner

beforeAll(async () => {
  catalogue = await startHttpServer()
  const entries = [{ id: 'a', type: 'notebook', file: 'a.ipynb' }]
  catalogue.on('/catalogue.json', text(JSON.stringify(entries)))
  catalogue.on('/a.ipynb', text(notebook('x = 1', { output: 'o'.repeat(2e6) })))
  local = await startLocalRunner({ CONFIG_URL: `${catalogue.origin}/catalogue.json` })
})
afterAll(async () => {
  await local?.[Symbol.asyncDispose]()
  await catalogue?.[Symbol.asyncDispose]()
})

describe('a link that names kernels as it likes', () => {
  it('has the notebook neither fetched nor compiled again', async () => {
    await local.runner.program('/run/notebook/a')
    const asked = catalogue.requests.length
    const ids = await Promise.all(
      Array.from({ length: 100 }, async (_, index) =>
        runOf(await local.runner.program(`/run/notebook/a?_kernel=python-${index}`)),
      ),
    )
    expect(catalogue.requests).toHaveLength(asked)
    const path = join(local.dataDir, `workspaces/local/notebooks/a-${ids[42]?.id}.ipynb`)
    const { metadata } = JSON.parse(await readFile(path, 'utf8'))
    expect(metadata.kernelspec).toEqual({ name: 'python-42', display_name: 'python-42', language: 'python' })
  })

  const info = { name: 'python', version: '3.14' }
  const spec = { name: 'python3', display_name: 'Python 3', language: 'python', extra: [1.5] }
  it.each([
    ['a kernel and a language', { kernelspec: spec, language_info: info }],
    ['a kernel alone', { kernelspec: spec }],
    ['a language alone', { language_info: info }],
    ['more before them', { a: 1, celltoolbar: 'x', kernelspec: spec, language_info: info, z: 2 }],
    ['more after them', { language_info: info, zz: {} }],
    ['a run of before', { kernelspec: spec, papermill: { parameters: { x: 1 }, a: 1 }, language_info: info }],
  ])('gets the same bytes as one that is compiled for it, with %s', (_, metadata) => {
    const bytes = utf8(JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata, cells: [] }))
    const given = { parameters: noParameters(), inputPath: 'i', outputPath: 'o', cellId: '0000abcd' }
    for (const name of ['python3', 'geo', 'python-\u00e9"\\']) {
      const kernelspec = { name, language: 'python' }
      const compiled = compileTemplate(bytes, { newId: countedIds(), kernelspec })
      const changed = withKernel(compileTemplate(bytes, { newId: countedIds() }), name)
      expect(changed.kernelName).toBe(compiled.kernelName)
      expect(Buffer.concat(prepareNotebook(changed, given)).toString()).toBe(
        Buffer.concat(prepareNotebook(compiled, given)).toString(),
      )
    }
  })
})

describe('a notebook made to keep us busy', () => {
  const many = (one: string, length = 99_000) => one.repeat(Math.floor(length / one.length))
  const cells: ReadonlyArray<readonly [string, string]> = [
    ['blanks before a letter', `a <- 1${many(' ', 98_000)}x`],
    ['blanks after =', `a=1${many(' ', 98_000)}x`],
    ['open brackets', many('[')],
    ['brackets in brackets', `a=${many('(', 49_000)}${many(')', 49_000)}`],
    ['a list', `a=[${many('1,')}]`],
    ['quotes', many("'")],
    ['triple quotes', many('"""')],
    ['backslashes', `a='${many('\\')}'`],
    ['backslashes in R', `a <- "${many('\\\\')}`],
    ['quotes in R', `a <- ${many(`"'`)}`],
    ['comment signs', many('#')],
    ['comments', `a <- 1 ${many('# ')}`],
    ['dots', `a: ${many('a.')}b = 1`],
    ['alternatives', `a: ${many('int|')}int = 1`],
    ['lists of lists', `a: ${many('list[', 49_000)}int = 1`],
    ['choices', `a: Literal[${many("'x',")}] = 1`],
    ['assignments', many('a=b=')],
    ['semicolons', many('a=1;')],
    ['lines', many('a=1\n')],
    ['continued lines', many('a=1 \\\n')],
    ['digits', `a=${many('9')}`],
    ['a dictionary', `a={${many('"k":1,')}}`],
    ['tabs and line ends', many('\t\r')],
  ]
  it.each(cells)('by %s in its parameters is read in time', (_, source) => {
    for (const language of ['python', 'R', 'julia', 'bash']) {
      const took = processorMs(() => inputsFromCell(source, language))
      // It takes some milliseconds, or some seconds where it grows with the square of the length.
      expect(took, language).toBeLessThan(1500)
    }
  })

  const deep = (count: number) =>
    `{"nbformat":4,"nbformat_minor":5,"metadata":{"x":${'['.repeat(count)}1${']'.repeat(count)}},"cells":[]}`
  const wide = (one: string) =>
    `{"nbformat":4,"nbformat_minor":5,"metadata":{"x":[${one.repeat(Math.floor(45e6 / one.length))}1]},"cells":[]}`
  const bombs: ReadonlyArray<readonly [string, () => string]> = [
    ['millions of texts', () => wide('"",')],
    ['millions of lists', () => wide('[],')],
    ['millions of objects', () => wide('{},')],
    ['lists in lists', () => deep(100_000)],
  ]
  it.each(bombs)('by %s is refused, and its thread goes on', { timeout: 60_000 }, async (_, make) => {
    await using compiler = new Compiler()
    const bytes = utf8(make())
    const before = process.threadCpuUsage()
    await expect(compiler.template(bytes)).rejects.toMatchObject({ code: 'invalid-notebook' })
    // The server's thread was free meanwhile.
    expect(process.threadCpuUsage(before).user / 1000).toBeLessThan(500)
    expect((await compiler.template(notebook('y = 2'))).template.parametersCell).toBe('y = 2')
  })
})

describe('what is on disk', () => {
  async function* below(folder: string): AsyncGenerator<string> {
    for (const name of await readdir(folder)) {
      const path = join(folder, name)
      yield path
      if ((await lstat(path)).isDirectory()) yield* below(path)
    }
  }

  it('is for the service’s user alone', async () => {
    const open: string[] = []
    for await (const path of below(local.dataDir)) {
      const { mode } = await lstat(path)
      const name = path.slice(local.dataDir.length + 1)
      // The database's user passes through its folder as root cannot run it; nothing in there can be listed or read.
      const passage = process.getuid?.() === 0 && name === 'postgres' && (mode & 0o777) === 0o711
      const within = name.startsWith('postgres/') && !name.startsWith('postgres/data')
      if ((mode & 0o077) !== 0 && !passage && !within) open.push(`${name} ${(mode & 0o777).toString(8)}`)
    }
    expect(open).toEqual([])
  })

  it('seals cookies with one key, made whole, whoever starts at the same moment', async () => {
    await using folder = await tempFolder()
    const keys = await Promise.all(Array.from({ length: 20 }, () => sessionKey(folder.path)))
    expect(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size).toBe(1)
    expect(keys[0]).toHaveLength(32)
    expect(await readdir(folder.path)).toEqual(['session.key'])
    expect((await lstat(join(folder.path, 'session.key'))).mode & 0o777).toBe(0o600)
  })

  it.each([0, 1, 31, 33])(
    'does not start with a key of %i bytes, with which others could seal',
    async (length) => {
      await using folder = await tempFolder()
      await writeFile(join(folder.path, 'session.key'), Buffer.alloc(length))
      await expect(sessionKey(folder.path)).rejects.toMatchObject({ code: 'invalid-settings' })
    },
  )

  it('takes no cookie that another key sealed, that has ended, or that was changed', async () => {
    await using folder = await tempFolder()
    await chmod(folder.path, 0o700)
    const key = await sessionKey(folder.path)
    const session = new LocalSession('t'.repeat(32), key)
    const { value } = session.issue(1_000_000)
    const [expiry, seal] = value.split('.')
    expect(session.isCookie(value, 1_000_001)).toBe(true)
    expect(session.isCookie(value, 1_000_000 + 31 * 24 * 3600)).toBe(false)
    const forged = new LocalSession('t'.repeat(32), new Uint8Array(0)).issue(1_000_000).value
    for (const other of [
      forged,
      `9${expiry}.${seal}`,
      `${expiry}.${seal}.`.slice(1),
      `${expiry}. ${seal}`,
      `+${expiry}.${seal}`,
      `${expiry}.${seal?.toUpperCase()}`,
      `${expiry}.${seal?.slice(0, -1)}`,
      `${expiry}`,
      '.',
      '',
    ])
      expect([other, session.isCookie(other, 1_000_001)]).toEqual([other, false])
  })
})
