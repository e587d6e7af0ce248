import { defineConfig } from 'vitest/config'

/** `npm run security`: what is tried against the service, and a table of it by family. `npm test` runs these as well. */
export default defineConfig({
  test: {
    root: `${import.meta.dirname}/../..`,
    include: [
      'test/security/**/*.test.ts',
      'test/identity/**/*.test.ts',
      'test/catalog/guarded-fetch.test.ts',
      'test/storage/layout.test.ts',
      'test/http/person-limits.test.ts',
      'test/browser/sign-in.test.ts',
    ],
    setupFiles: ['test/security/count-attempts.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    reporters: ['default', './scripts/security-table-reporter.mjs', './scripts/plain-summary-reporter.mjs'],
  },
})
