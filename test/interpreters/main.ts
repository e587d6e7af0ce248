import fc from 'fast-check'
import type { JsonValue } from '../../src/notebook/json.ts'
import { ORDINARY, RESERVED_SOMEWHERE, UNICODE } from '../notebook/inject/names.ts'
import { anyValue, LONG_VALUES, NASTY_VALUES } from '../notebook/inject/values.ts'
import { jsonText } from '../support/json-text.ts'
import { bash } from './bash.ts'
import { csharp } from './csharp.ts'
import { fsharp } from './fsharp.ts'
import { type Golden, writeGoldens } from './golden.ts'
import type { Interpreter, Missing } from './interpreter.ts'
import { octave } from './octave.ts'
import { python } from './python.ts'
import { rscript, webr } from './r.ts'
import { make, namesThatFail, roundTrips } from './round-trip.ts'
import { scala } from './scala.ts'

/** Every language, with what can run it here; for the others there is the grammar alone. */
const LANGUAGES: readonly (readonly [string, readonly (() => Promise<Interpreter | Missing>)[]])[] = [
  ['python', [python]],
  ['bash', [bash]],
  ['r', [webr, rscript]],
  ['scala', [() => scala('2.12.20'), () => scala('2.13.16'), () => scala('3.3.7')]],
  ['csharp', [csharp]],
  ['fsharp', [fsharp]],
  ['matlab', [octave]],
  ['julia', []],
  ['powershell', []],
]

/** The same in every run, so that the goldens change with the code alone. */
const FIXED: readonly JsonValue[] = [...NASTY_VALUES, ...fc.sample(anyValue, { seed: 2718, numRuns: 120 })]

let passed = 0
let failed = 0
let skipped = 0

/** `npm run test:interpreters -- scala` runs one. */
const wanted = process.argv.slice(2)

for (const [language, starts] of LANGUAGES) {
  if (wanted.length > 0 && !wanted.includes(language)) continue
  const verified = new Map<JsonValue, string[]>(FIXED.map((value) => [value, []]))
  let complete = true
  for (const start of starts) {
    const interpreter = await start()
    if ('missing' in interpreter) {
      console.log(`${language}: skipped, for this machine has not ${interpreter.missing}`)
      skipped += 1
      complete = false
      continue
    }
    const seed = Date.now()
    const others = [...LONG_VALUES, ...fc.sample(anyValue, { seed, numRuns: 100 })]
    const verdicts = await roundTrips(language, interpreter, [...FIXED, ...others])
    const faults = verdicts.flatMap(({ fault }) => (fault === undefined ? [] : [fault]))
    for (const { value, fault } of verdicts)
      if (fault === undefined) verified.get(value)?.push(interpreter.name)
    for (const fault of faults.slice(0, 20)) console.log(`${language}: ${fault.slice(0, 1000)}`)
    console.log(
      `${language}: ${interpreter.name}: ${verdicts.length} values, ${faults.length} came back changed (seed ${seed})`,
    )
    const names = [...new Set([...ORDINARY, ...RESERVED_SOMEWHERE, ...UNICODE])]
    const bad = await namesThatFail(language, interpreter, names)
    for (const fault of bad.faults) console.log(`${language}: ${fault.slice(0, 1000)}`)
    console.log(`${language}: ${interpreter.name}: ${bad.tried} names, ${bad.faults.length} failed`)
    passed += bad.tried - bad.faults.length
    failed += bad.faults.length
    passed += verdicts.length - faults.length
    failed += faults.length
    if (faults.length > 0) complete = false
  }
  // Goldens say that something has been verified: they are written only where all of it was.
  if (complete)
    await writeGoldens(
      language,
      FIXED.map((value) => golden(language, value, verified.get(value) ?? [])),
    )
}

function golden(language: string, value: JsonValue, interpreters: readonly string[]): Golden {
  const made = make(language, value)
  const text = jsonText(value).replaceAll('\n', ' ')
  if ('refused' in made) return { value: text, refused: made.refused }
  const assignment = made.cell.slice(made.cell.indexOf('\n') + 1, -1)
  return { value: text, assignment, verified: interpreters.length > 0 ? interpreters : 'grammar' }
}

console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exitCode = failed > 0 ? 1 : 0
