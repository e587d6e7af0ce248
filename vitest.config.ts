import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/deploy/**', 'test/platform/**', 'test/upgrade/**'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // What is waited for comes later on a slower machine; a second, as is usual, is too short for a page.
    expect: { poll: { timeout: 30_000 } },
    // Two cores: more forks only make every real server slower to start.
    maxWorkers: 2,
    reporters: ['default', './scripts/plain-summary-reporter.mjs'],
  },
})
