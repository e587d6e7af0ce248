import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
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

const Manifest = Type.Record(
  Type.String(),
  Type.Object({
    file: Type.String(),
    css: Type.Optional(Type.Array(Type.String())),
  }),
)

/**
 * Reads Vite's manifest (https://vite.dev/guide/backend-integration).
 * @param folder where the build is
 * @throws RunnerError `invalid-settings` where there is none
 */
export function readWebBuild(folder: string): WebBuild {
  try {
    const manifest = Value.Parse(Manifest, JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')))
    const [entry, frame] = [manifest['src/main.tsx'], manifest['src/frame/main.ts']]
    if (entry === undefined || frame === undefined) throw new Error('The manifest lacks an entry.')
    const assets = join(folder, 'assets')
    return { assets, script: entry.file, styles: entry.css ?? [], frameScript: frame.file }
  } catch (cause) {
    throw new RunnerError(
      'invalid-settings',
      `The pages are not built in ${folder}. \`npm start\` builds them, and so does \`node scripts/setup.mjs\`.`,
      { cause },
    )
  }
}
