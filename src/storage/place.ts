import { randomUUID } from 'node:crypto'
import { link, open, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'

/** Hidden, and no name that a workspace can have. */
const NAME = '.place'
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The UUID of a folder, kept in it: the same for all who ask, at whatever path they see it. Made by who asks first. */
export async function placeOf(folder: string): Promise<string> {
  const path = join(folder, NAME)
  const found = await read(path)
  if (found !== undefined) return found
  const made = randomUUID()
  const own = `${path}-${made}`
  {
    await using file = await open(own, 'wx', 0o600)
    await file.writeFile(made)
    await file.sync()
  }
  try {
    // Of several who make it at once, one wins.
    await link(own, path)
    await using names = await open(folder)
    await names.sync()
    return made
  } catch (error) {
    const other = await read(path)
    if (other === undefined) throw error
    return other
  } finally {
    await unlink(own)
  }
}

async function read(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return UUID.test(text) ? text : undefined
}
