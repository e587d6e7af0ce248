import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RunnerError } from '../errors.ts'

/** The pages as `npm start` builds them of `web`. */
export interface WebBuild {
  /** Folder whose files are served under `/assets/`; each name has the hash of its content. */
  readonly assets: string
  /** From the service's root. */
  readonly script: string
  readonly styles: readonly string[]
  /** Of the document that shows outputs, from the service's root. */
  readonly frameScript: string
}

interface Chunk {
  readonly file: string
  readonly css: readonly string[]
}

/**
 * Reads Vite's manifest (https://vite.dev/guide/backend-integration).
 * @param folder where the build is
 * @throws RunnerError `invalid-settings` where there is none
 */
export function readWebBuild(folder: string): WebBuild {
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))
    const [entry, frame] = [chunkOf(manifest, 'src/main.tsx'), chunkOf(manifest, 'src/frame/main.ts')]
    return { assets: join(folder, 'assets'), script: entry.file, styles: entry.css, frameScript: frame.file }
  } catch (cause) {
    throw new RunnerError(
      'invalid-settings',
      `The pages are not built in ${folder}. \`npm start\` builds them, and so does \`node scripts/setup.mjs\`.`,
      { cause },
    )
  }
}

/** Read by hand: the schemas' library would stay in the memory of every server for these few words. */
function chunkOf(manifest: unknown, name: string): Chunk {
  const chunk = memberOf(manifest, name)
  const [file, css = []] = [memberOf(chunk, 'file'), memberOf(chunk, 'css')]
  const isText = (value: unknown) => typeof value === 'string'
  if (!isText(file) || !Array.isArray(css) || !css.every(isText))
    throw new Error(`The manifest lacks ${name}, or a part of it.`)
  return { file, css }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(name) : undefined
}
