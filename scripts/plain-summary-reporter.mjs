/** @typedef {import('vitest/node').Reporter} Reporter */

/**
 * Ends Vitest's output with one plain line that any program can read: `N passed, N failed, N skipped`. A test file
 * that can't be loaded, and an error outside of a test, count as failed.
 * @implements {Reporter}
 */
export default class PlainSummaryReporter {
  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly unknown[]} errors
   */
  onTestRunEnd(modules, errors) {
    const count = { passed: 0, failed: errors.length, skipped: 0 }
    for (const module of modules) {
      if (module.errors().length > 0) count.failed += 1
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        count[state === 'pending' ? 'failed' : state] += 1
      }
    }
    const line = `${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`
    // After the summaries of the other reporters, whatever their order.
    process.once('exit', () => process.stdout.write(line))
  }
}
