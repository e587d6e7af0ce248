import { defineConfig } from 'vitest/config'

// `npm run test:upgrade`: needs the repository's history, and a minute or two.
export default defineConfig({
  test: {
    root: `${import.meta.dirname}/../..`,
    include: ['test/upgrade/**/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 120_000,
    reporters: ['default', './scripts/plain-summary-reporter.mjs'],
  },
})
