import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

/** A project of its own under the project's rules, made of the given files (path → text). */
export class PlantedProject implements AsyncDisposable {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async plant(files: Readonly<Record<string, string>>): Promise<PlantedProject> {
    const folder = await mkdtemp(join(tmpdir(), 'planted-'))
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    // Biome is told to heed .gitignore and looks for a repository's root.
    await mkdir(join(folder, '.git'))
    for (const name of ['.dependency-cruiser.cjs', '.gitignore', 'biome.json', 'package.json', 'scripts'])
      await cp(join(ROOT, name), join(folder, name), { recursive: true })
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), text)
    }
    return new PlantedProject(folder)
  }

  /** Runs one of the project's tools with its arguments; resolves to its exit code and its standard output. */
  run(tool: string, ...args: readonly string[]): Promise<{ code: unknown; output: string }> {
    const bin = join(ROOT, 'node_modules/.bin')
    const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}` }
    return new Promise((resolve) => {
      execFile(join(bin, tool), args, { cwd: this.#folder, env, maxBuffer: 16 << 20 }, (error, stdout) =>
        resolve({ code: error === null ? 0 : error.code, output: stdout }),
      )
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true })
  }
}
