import { defineConfig } from 'vitest/config'

// `npm run test:deploy`: needs root, Go and Debian's packages, and half an hour the first time.
export default defineConfig({
  test: {
    root: `${import.meta.dirname}/../..`,
    include: ['test/deploy/**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 3_600_000,
    fileParallelism: false,
    reporters: ['default', './scripts/plain-summary-reporter.mjs'],
  },
})
