import { randomUUID } from 'node:crypto'
import { RunnerError } from '../../src/errors.ts'
import { diskStorage } from '../../src/storage/disk.ts'

// Puts a body of so many bytes and prints how that ended.
const [root = '', bytes = '0'] = process.argv.slice(2)
const storage = diskStorage({ root, layout: { kind: 'local' } })
const scope = { workspace: 'alice-ws', user: 'alice' }
try {
  await storage.put(scope, storage.locate(scope, 'ndvi', randomUUID()), [Buffer.alloc(Number(bytes), 1)])
  console.log('stored')
} catch (error) {
  console.log(error instanceof RunnerError ? `${error.code}: ${error.message}` : String(error))
}
