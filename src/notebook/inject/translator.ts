import { RunnerError } from '../../errors.ts'
import { bash } from './bash.ts'
import { csharp } from './csharp.ts'
import { fsharp } from './fsharp.ts'
import { julia } from './julia.ts'
import type { Translator } from './language.ts'
import { matlab } from './matlab.ts'
import { powershell } from './powershell.ts'
import { python } from './python.ts'
import { r } from './r.ts'
import { scala } from './scala.ts'

export type { Translator } from './language.ts'
export { parametersSource } from './parameters-source.ts'

/** By kernel name or by language, as papermill registers them, and as the kernels themselves call their languages. */
const TRANSLATORS: ReadonlyMap<string, Translator> = new Map([
  ['python', python],
  ['r', r],
  ['scala', scala],
  ['julia', julia],
  ['matlab', matlab],
  ['.net-csharp', csharp],
  ['.net-fsharp', fsharp],
  ['.net-powershell', powershell],
  ['pysparkkernel', python],
  ['sparkkernel', scala],
  ['sparkrkernel', r],
  ['bash', bash],
  ['c#', csharp],
  ['csharp', csharp],
  ['f#', fsharp],
  ['fsharp', fsharp],
  ['powershell', powershell],
  ['pwsh', powershell],
])

/**
 * The translator of a notebook: by the kernel's name first, then by the language, as papermill looks it up, but without
 * regard to case. Throws `unsupported-language`.
 */
export function translatorFor(notebook: {
  readonly kernelName: string | undefined
  readonly language: string | undefined
}): Translator {
  const { kernelName = '', language = '' } = notebook
  const found = TRANSLATORS.get(kernelName.toLowerCase()) ?? TRANSLATORS.get(language.toLowerCase())
  if (found) return found
  const known = [...new Set([...TRANSLATORS.values()].map((translator) => translator.language))].join(', ')
  throw new RunnerError(
    'unsupported-language',
    `Parameters cannot be written for the kernel "${kernelName}" and the language "${language}". Known languages: ${known}.`,
  )
}
