/** @typedef {import('vitest/node').TestModule} TestModule */
/** @typedef {import('vitest/node').Reporter} Reporter */

/**
 * The families of attacks, with their ids in OWASP ASVS 5.0, and whose tests they are: by file and, where a file has
 * several, by words of the test's whole name. The first that fits has it.
 * @type {readonly (readonly [family: string, asvs: string, files: RegExp, names?: RegExp])[]}
 */
const FAMILIES = [
  ['JWT and keys', '9.1, 9.2, 10.3', /\/(tokens|bearer|jwks|unique-json)\.test/],
  ['login and sessions', '7.2–7.4, 10.1, 10.2, 10.5', /\/(login|sign-in|cookie|hub)\.test/],
  ['tenants and roles', '8.1–8.4', /\/(isolation|tenants|roles|workspace|queries)\.test/],
  ['CSRF', '3.5.1, 3.5.2', /\/acting\.test/, /sweep and their end|in JSON/],
  ['links that act', '3.5.3', /\/acting\.test/],
  ['open redirect', '3.7.2', /\/open-redirect\.test/],
  ['open redirect', '3.7.2', /\/addresses\.test/, /redirect/],
  ['open redirect', '3.7.2', /\/forwarded\.test/],
  ['header injection, smuggling', '1.2.1, 4.2.1', /\/addresses\.test/, /header/],
  ['paths and keys', '5.3.2', /\/(addresses|layout)\.test/],
  ['prototype pollution', '15.3.6', /\/hostile-catalogue\.test/, /names that objects have/],
  ['hostile notebooks', '1.3.12, 15.2.2', /\/hostile-catalogue\.test/, /made to break/],
  ['SSRF', '1.3.6, 15.3.2', /\/(hostile-catalogue|guarded-fetch)\.test/],
  ['leaks (canaries)', '14.3.2, 16.2.5', /\/leaks\.test/],
  ['script in outputs', '3.2.1, 3.5.4', /\/(outputs|hostile-geojson)\.test/],
  ['clickjacking', '3.4.6', /\/pages\.test/, /frame/],
  ['script in pages', '1.2.1, 3.2.2', /\/pages\.test/],
  ['slow clients', '15.2.2', /\/(requests|metrics-port)\.test/, /slow/],
  ['size of requests', '15.2.2', /\/requests\.test/, /large/],
  ['cache poisoning', '14.3.2', /\/cache-poisoning\.test/],
  ['policies of answers', '3.4.3–3.4.8', /\/requests\.test/, /every answer/],
  ['header injection, smuggling', '1.2.1, 4.2.1', /\/requests\.test/],
  ['limits for a person', '2.4.1', /\/person-limits\.test/],
  ['hostile notebooks', '1.3.12, 15.2.2', /\/resources\.test/],
]

/**
 * Ends Vitest's output with a table: how many tests each family has, what they tried (each answer checked), and how much of
 * that was refused as it must be.
 * @implements {Reporter}
 */
export default class SecurityTableReporter {
  /** @param {readonly TestModule[]} modules */
  onTestRunEnd(modules) {
    /** @type {Map<string, { asvs: string, tests: number, failed: number, tried: number, held: number }>} */
    const rows = new Map()
    for (const module of modules)
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'skipped') continue
        const [family, asvs] = familyOf(module.moduleId, test.fullName)
        const row = rows.get(family) ?? { asvs, tests: 0, failed: 0, tried: 0, held: 0 }
        // By test/security/count-attempts.ts.
        const { checks: counted } = Object.fromEntries(Object.entries(test.meta()))
        const checks = Math.max(Number(counted ?? 0), 1)
        row.tests += 1
        row.tried += checks
        // A test ends at the first check that fails.
        row.held += state === 'passed' ? checks : checks - 1
        row.failed += state === 'passed' ? 0 : 1
        rows.set(family, row)
      }
    const lines = [...rows].sort(([a], [b]) => a.localeCompare(b)).map(([family, row]) => lineOf(family, row))
    const text = [HEAD, ...lines].map((cells) => cells.map(padded).join('  ').trimEnd()).join('\n')
    process.once('exit', () => process.stdout.write(`\n${text}\n\n`))
  }
}

const HEAD = ['family', 'ASVS', 'tests', 'tried', 'refused', 'failed tests']
const WIDTHS = [30, 28, 6, 6, 8, 12]

/**
 * @param {string} cell
 * @param {number} index
 */
const padded = (cell, index) =>
  index < 2 ? cell.padEnd(WIDTHS[index] ?? 0) : cell.padStart(WIDTHS[index] ?? 0)

/**
 * @param {string} family
 * @param {{ asvs: string, tests: number, failed: number, tried: number, held: number }} row
 */
const lineOf = (family, { asvs, tests, tried, held, failed }) => [
  family,
  asvs,
  ...[tests, tried, held, failed].map(String),
]

/**
 * @param {string} file
 * @param {string} name
 * @returns {readonly [family: string, asvs: string]}
 */
function familyOf(file, name) {
  const found = FAMILIES.find(
    ([, , files, names]) => files.test(file) && (names === undefined || names.test(name)),
  )
  if (found === undefined)
    throw new Error(`Say in scripts/security-table-reporter.mjs of which family ${file} is`)
  return [found[0], found[1]]
}

/**
 * Whether the tests of a file can have a place in the table.
 * @param {string} file
 */
export const hasFamily = (file) => FAMILIES.some(([, , files]) => files.test(file))
