import { afterEach, expect } from 'vitest'

declare module 'vitest' {
  interface TaskMeta {
    /** What the test has checked of the answers that it got. */
    checks?: number
  }
}

// For the table of scripts/security-table-reporter.mjs: each payload's answer is checked at least once.
afterEach(({ task }) => {
  task.meta.checks = expect.getState().assertionCalls
})
