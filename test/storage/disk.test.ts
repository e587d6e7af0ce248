import { execFile, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { diskStorage } from '../../src/storage/disk.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { ALICE, storageContract } from './contract.ts'

const base = mkdtempSync(join(tmpdir(), 'runner-disk-'))
afterAll(() => rmSync(base, { recursive: true, force: true }))
const newRoot = () => join(base, randomUUID(), 'workspaces')
const at = (root: string, layout: Parameters<typeof diskStorage>[0]['layout'] = { kind: 'local' }) =>
  diskStorage({ root, layout })

storageContract('disk, local layout', async () => at(newRoot()))
storageContract('disk, layout of the first design', async () =>
  at(newRoot(), { kind: 'seed', bucket: 'workspace-{workspace}' }),
)
storageContract('disk, layout of the platform', async () => at(newRoot(), { kind: 'eodh', bucket: 'shared' }))

describe('a folder as storage', () => {
  let root: string
  let storage: Storage
  const place = () => storage.locate(ALICE, 'ndvi', randomUUID())
  const put = async (object = place()) => {
    await storage.put(ALICE, object, [Buffer.from('{}')])
    return object
  }
  beforeEach(() => {
    root = newRoot()
    storage = at(root)
  })

  it('lets no other user of the machine in, and leaves nothing beside the notebook', async () => {
    const { key } = await put()
    const mode = (path: string) => statSync(path).mode & 0o777
    expect(mode(join(root, 'alice-ws', key))).toBe(0o600)
    expect(mode(join(root, 'alice-ws/notebooks'))).toBe(0o700)
    expect(mode(join(root, 'alice-ws'))).toBe(0o700)
    expect(mode(root)).toBe(0o700)
    expect(readdirSync(join(root, 'alice-ws/notebooks'))).toEqual([key.slice('notebooks/'.length)])
  })

  it.each(['alice-ws', 'alice-ws/notebooks'])('does not follow a link at %s', async (path) => {
    const outside = join(root, '../outside')
    mkdirSync(outside, { recursive: true })
    mkdirSync(join(root, path, '..'), { recursive: true })
    symlinkSync(outside, join(root, path))
    await expect(put()).rejects.toMatchObject({
      code: 'storage-failed',
      message: expect.stringContaining('a link'),
    })
    await expect(storage.get(ALICE, place())).rejects.toMatchObject({ code: 'storage-failed' })
    expect(readdirSync(outside)).toEqual([])
  })

  it('does not read through a link, and puts the notebook in its place', async () => {
    const secret = join(root, '../secret')
    mkdirSync(join(root, 'alice-ws/notebooks'), { recursive: true })
    writeFileSync(secret, 'secret')
    const object = place()
    symlinkSync(secret, join(root, 'alice-ws', object.key))
    await expect(storage.get(ALICE, object)).rejects.toMatchObject({ code: 'not-found' })
    await put(object)
    expect(readFileSync(secret, 'utf8')).toBe('secret')
    expect(readFileSync(join(root, 'alice-ws', object.key), 'utf8')).toBe('{}')
  })

  it('takes a pipe or a folder in the place of a notebook for none', async () => {
    await put()
    const [pipe, folder] = [place(), place()]
    spawnSync('sh', ['-c', 'mkfifo "$1"', 'sh', join(root, 'alice-ws', pipe.key)])
    mkdirSync(join(root, 'alice-ws', folder.key))
    await expect(storage.get(ALICE, pipe)).rejects.toMatchObject({ code: 'not-found' })
    await expect(storage.get(ALICE, folder)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('makes a folder again that was removed', async () => {
    await put()
    rmSync(root, { recursive: true })
    const object = await put()
    expect(existsSync(join(root, 'alice-ws', object.key))).toBe(true)
  })

  it('shows nothing of a notebook when its process is killed, and later removes what that one left', async () => {
    const ended = spawnSync(process.execPath, [join(import.meta.dirname, 'put-and-die.ts'), root])
    expect(ended.signal).toBe('SIGKILL')
    const folder = join(root, 'alice-ws/notebooks')
    const left = readdirSync(folder)
    expect(left).toEqual([expect.stringMatching(/^\..*\.tmp$/)])

    await put()
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(left)) // it might still be written
    const old = Date.now() / 1000 - 7200
    for (const name of left) utimesSync(join(folder, name), old, old)
    storage = at(root)
    await put()
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  it.each([300_000, 3_000_000])(
    'shows nothing of %i bytes when the disk takes only a part, and says so',
    async (bytes) => {
      // A limit on the size of files stands for a full disk: a part is written, then comes an error.
      const script = 'trap "" XFSZ; ulimit -f 64; exec "$@"'
      const file = join(import.meta.dirname, 'put-and-tell.ts')
      const { stdout } = await promisify(execFile)('sh', [
        '-c',
        script,
        'sh',
        process.execPath,
        file,
        root,
        String(bytes),
      ])
      expect(stdout).toMatch(
        /^storage-failed: The notebook could not be stored in workspace folder alice-ws: it is larger/,
      )
      expect(readdirSync(join(root, 'alice-ws/notebooks'))).toEqual([])
    },
  )

  it('says what is wrong when the root is no folder, and is not healthy', async () => {
    mkdirSync(join(root, '..'), { recursive: true })
    writeFileSync(root, '')
    await expect(put()).rejects.toMatchObject({
      code: 'storage-failed',
      message: expect.stringContaining(
        'could not be stored in workspace folder alice-ws: the file system answered',
      ),
    })
    expect(await storage.healthy()).toBe(false)
  })

  // The superuser may write anywhere.
  it.skipIf(process.getuid?.() === 0)('says what to do without the permission to write', async () => {
    await put()
    chmodSync(join(root, 'alice-ws/notebooks'), 0o500)
    await expect(put()).rejects.toMatchObject({
      code: 'storage-failed',
      message: expect.stringContaining('no permission'),
    })
    chmodSync(join(root, 'alice-ws/notebooks'), 0o700)
  })

  it('never names the folder of this machine to the person', async () => {
    mkdirSync(join(root, '..'), { recursive: true })
    writeFileSync(root, '')
    await expect(put()).rejects.not.toMatchObject({ message: expect.stringContaining(base) })
  })
})
