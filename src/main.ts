import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

// Most of a short command's time goes into reading source, so that is kept from one start to the next. It lies
// in the project's own folder: a shared one could be filled by others. Where it can't be written, the start is
// slower.
enableCompileCache({ directory: join(import.meta.dirname, '../node_modules/.cache/compile') })
const { main } = await import('./cli/program.ts')
process.exitCode = await main(process.argv.slice(2))
