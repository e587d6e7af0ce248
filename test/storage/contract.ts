import { randomBytes, randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { besideNotebook } from '../../src/storage/layout.ts'
import type { Storage, StorageScope, StoredObject } from '../../src/storage/storage.ts'

export const ALICE: StorageScope = { workspace: 'alice-ws', user: 'alice' }
export const BOB: StorageScope = { workspace: 'bob-ws', user: 'bob' }

/** What every storage does alike, whatever its layout. `alice-ws` and `bob-ws` are there and empty. */
export function storageContract(name: string, make: () => Promise<Storage>): void {
  describe(`${name}: the contract of every storage`, () => {
    let storage: Storage
    beforeAll(async () => {
      storage = await make()
      return () => storage[Symbol.asyncDispose]()
    })
    const place = (scope = ALICE): StoredObject => storage.locate(scope, 'ndvi_calculation', randomUUID())

    it('gives back what was put, however it was cut into chunks', async () => {
      const chunks = [new Uint8Array(), randomBytes(5), randomBytes(70_000), new Uint8Array(), randomBytes(1)]
      const object = place()
      await storage.put(ALICE, object, chunks)
      expect(Buffer.concat([await storage.get(ALICE, object)])).toEqual(Buffer.concat(chunks))
    })

    it('stores an empty body', async () => {
      const object = place()
      await storage.put(ALICE, object, [])
      expect((await storage.get(ALICE, object)).byteLength).toBe(0)
    })

    it('stores 20 MB in 2,500 chunks', async () => {
      const chunks = Array.from({ length: 2500 }, () => randomBytes(8000))
      const object = place()
      await storage.put(ALICE, object, chunks)
      expect(Buffer.concat(chunks).equals(await storage.get(ALICE, object))).toBe(true)
    })

    it('replaces what was there', async () => {
      const object = place()
      await storage.put(ALICE, object, [Buffer.from('a longer first one')])
      await storage.put(ALICE, object, [Buffer.from('second')])
      expect(Buffer.from(await storage.get(ALICE, object)).toString()).toBe('second')
    })

    it('takes many at once, for two workspaces, and mixes nothing up', async () => {
      const work = Array.from({ length: 60 }, (_, index) => {
        const scope = index % 2 === 0 ? ALICE : BOB
        return { scope, object: place(scope), body: randomBytes(1 + index * 500) }
      })
      await Promise.all(work.map(({ scope, object, body }) => storage.put(scope, object, [body])))
      for (const { scope, object, body } of work) {
        expect(body.equals(await storage.get(scope, object))).toBe(true)
      }
    })

    it('keeps one whole body where several are put in the same place at once', async () => {
      const object = place()
      const bodies = Array.from({ length: 12 }, (_, index) => Buffer.alloc(50_000, index))
      await Promise.all(bodies.map((body) => storage.put(ALICE, object, [body])))
      const kept = await storage.get(ALICE, object)
      expect(bodies.some((body) => body.equals(kept))).toBe(true)
    })

    it('says not-found for what is not there', async () => {
      await expect(storage.get(ALICE, place())).rejects.toMatchObject({ code: 'not-found' })
    })

    it('takes a file as it comes, and gives parts of it', async () => {
      const body = randomBytes(20_000_000)
      const object = beside(place(), 'data/big file.bin')
      const pieces = Array.from({ length: 200 }, (_, index) =>
        body.subarray(index * 100_000, (index + 1) * 100_000),
      )
      await storage.putFile(ALICE, object, from(pieces), 'application/octet-stream')
      const read = async (range?: { start: number; end: number }) =>
        Buffer.concat(await (await storage.read(ALICE, object, range)).toArray())
      expect(body.equals(await read())).toBe(true)
      expect(body.subarray(5, 11).equals(await read({ start: 5, end: 10 }))).toBe(true)
      expect(body.subarray(-1).equals(await read({ start: 19_999_999, end: 19_999_999 }))).toBe(true)
    })

    it('keeps nothing of a file whose source breaks, and says what the source said', async () => {
      const object = beside(place(), 'broken.bin')
      const broken = async function* () {
        yield randomBytes(100)
        throw new Error('the kernel server went away')
      }
      await expect(storage.putFile(ALICE, object, broken(), 'image/png')).rejects.toThrow('went away')
      await expect(storage.read(ALICE, object, undefined)).rejects.toMatchObject({ code: 'not-found' })
    })

    it('removes, also what is gone already', async () => {
      const [object, other] = [beside(place(), 'a/b'), place()]
      await storage.putFile(ALICE, object, from([Buffer.from('x')]), 'text/plain')
      await storage.put(ALICE, other, [Buffer.from('x')])
      for (const one of [object, object, other, other]) await storage.remove(ALICE, one)
      for (const one of [object, other])
        await expect(storage.get(ALICE, one)).rejects.toMatchObject({ code: 'not-found' })
    })

    it('neither reads nor writes in another workspace', async () => {
      const object = place(BOB)
      await storage.put(BOB, object, [Buffer.from('of bob')])
      await expect(storage.get(ALICE, object)).rejects.toMatchObject({ code: 'not-found' })
      await expect(storage.put(ALICE, object, [])).rejects.toMatchObject({ code: 'not-found' })
      await expect(storage.read(ALICE, object, undefined)).rejects.toMatchObject({ code: 'not-found' })
      await expect(storage.putFile(ALICE, object, from([]), 'x/y')).rejects.toMatchObject({
        code: 'not-found',
      })
      await expect(storage.remove(ALICE, object)).rejects.toMatchObject({ code: 'not-found' })
      expect(Buffer.from(await storage.get(BOB, object)).toString()).toBe('of bob')
    })

    it('refuses every key that climbs, however it is written', async () => {
      const { bucket, key } = place()
      const folder = key.slice(0, key.lastIndexOf('/') + 1)
      for (const part of WICKED) {
        const object = { bucket, key: `${folder}${part}` }
        await expect(storage.get(ALICE, object), part).rejects.toMatchObject({ code: 'not-found' })
        await expect(storage.put(ALICE, object, []), part).rejects.toMatchObject({ code: 'not-found' })
        await expect(storage.read(ALICE, object, undefined), part).rejects.toMatchObject({
          code: 'not-found',
        })
        await expect(storage.remove(ALICE, object), part).rejects.toMatchObject({ code: 'not-found' })
      }
    })

    it('stops before it begins, for the reason given', async () => {
      const object = place()
      const signal = AbortSignal.abort(new Error('the person left'))
      await expect(storage.put(ALICE, object, [Buffer.from('x')], signal)).rejects.toThrow('the person left')
      await expect(storage.get(ALICE, object, signal)).rejects.toThrow('the person left')
      await expect(storage.get(ALICE, object)).rejects.toMatchObject({ code: 'not-found' })
    })

    it('stores nothing where it is too late in the last moment', async () => {
      const object = place()
      await storage.put(ALICE, object, [Buffer.from('newer')], undefined, () => true)
      await expect(
        storage.put(ALICE, object, [Buffer.from('older')], undefined, () => false),
      ).rejects.toMatchObject({ code: 'storage-failed' })
      expect(Buffer.from(await storage.get(ALICE, object)).toString()).toBe('newer')
    })

    it('is healthy', async () => {
      expect(await storage.healthy()).toBe(true)
    })
  })
}

async function* from(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}

function beside(notebook: StoredObject, path: string): StoredObject {
  const object = besideNotebook(notebook, path)
  if (object === undefined) throw new Error(`There is no place for ${path}`)
  return object
}

/** Names that mean another place to something on the way, tried as the last part of a key and as a whole name. */
export const WICKED: readonly string[] = [
  '',
  '.',
  '..',
  '../x.ipynb',
  '../../bob-ws/notebooks/x.ipynb',
  'a/../../x.ipynb',
  '/x.ipynb',
  '//x.ipynb',
  'a//x.ipynb',
  '%2e%2e%2fx.ipynb',
  '%252e%252e%252fx.ipynb',
  '..\\x.ipynb',
  'a\\b.ipynb',
  'x.ipynb\0.png',
  'x\n.ipynb',
  '.hidden',
  'caf\u00e9.ipynb',
  'cafe\u0301.ipynb',
  '\uff0e\uff0e/x.ipynb',
  `${'a/'.repeat(512)}x.ipynb`,
  '\ud800.ipynb',
]
