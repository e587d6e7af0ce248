import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { constants, gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin, type Rolldown } from 'vite'

/** Bytes of script, gzipped, that any page may load before it shows: its own chunk and all that this imports. */
const MAX_FIRST_SCRIPT = 300_000

/**
 * Fails the build where a page loads too much at first. What only some pages need (the map, the renderer of outputs) is
 * imported by them with `import()`.
 */
function bundleBudget(): Plugin {
  return {
    name: 'bundle-budget',
    generateBundle(_options, bundle) {
      const chunks = new Map(
        Object.values(bundle).flatMap((one) => (one.type === 'chunk' ? [[one.fileName, one]] : [])),
      )
      const entry = [...chunks.values()].find((chunk) => chunk.facadeModuleId?.endsWith('/web/src/main.tsx'))
      if (entry === undefined) return
      for (const chunk of chunks.values()) {
        if (chunk !== entry && !chunk.facadeModuleId?.includes('/web/src/pages/')) continue
        const bytes = sizeOf(chunks, [entry.fileName, chunk.fileName])
        const kilobytes = `${Math.round(bytes / 1000)} kB`
        if (bytes > MAX_FIRST_SCRIPT)
          this.error(
            `${chunk.name} loads ${kilobytes} of script at first; ${MAX_FIRST_SCRIPT / 1000} kB may be.`,
          )
        this.info(`${chunk.name} loads ${kilobytes} of script at first`)
      }
    },
  }
}

/** Beside each file that is worth it, the same gzipped: the server sends that (src/http/app.ts). */
function gzipped(): Plugin {
  return {
    name: 'gzipped',
    // Not before: until then Vite still puts things into them.
    writeBundle({ dir = '' }, bundle) {
      for (const name of Object.keys(bundle)) {
        if (!/^assets\/.*\.(m?js|css|json|svg)$/.test(name)) continue
        const file = join(dir, name)
        const content = readFileSync(file)
        if (content.byteLength < 1_000) continue
        writeFileSync(`${file}.gz`, gzipSync(content, { level: constants.Z_BEST_COMPRESSION }))
      }
    },
  }
}

/** Of the chunks and all that they import before they run, each once. */
function sizeOf(chunks: ReadonlyMap<string, Rolldown.OutputChunk>, from: readonly string[]): number {
  const found = new Set(from)
  let bytes = 0
  for (const name of found) {
    const chunk = chunks.get(name)
    if (chunk === undefined) continue
    bytes += gzipSync(chunk.code).byteLength
    for (const imported of chunk.imports) found.add(imported)
  }
  return bytes
}

// The server writes the page around it (src/http/shell.ts), by the manifest.
export default defineConfig({
  // Wherever the service is, under a base path or not.
  base: './',
  plugins: [react(), bundleBudget(), gzipped()],
  build: {
    target: 'es2023',
    // Cleared by the set-up, which keeps its own files there.
    emptyOutDir: false,
    manifest: 'manifest.json',
    // The content security policy takes images and fonts from the service alone.
    assetsInlineLimit: 0,
    rolldownOptions: { input: ['src/main.tsx', 'src/frame/main.ts'] },
  },
})
