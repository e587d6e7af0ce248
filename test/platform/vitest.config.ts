import { defineConfig } from 'vitest/config'

/** `npm run test:platform` and `npm run chaos:platform`: the whole platform of `npm run platform`. */
export default defineConfig({
  test: {
    root: `${import.meta.dirname}/../..`,
    include: ['test/platform/**/*.test.ts'],
    // Each file has a platform of its own, which two cores bear once.
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 400_000,
    reporters: ['default', './scripts/plain-summary-reporter.mjs'],
  },
})
