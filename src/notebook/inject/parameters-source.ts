import { type ParameterFault, RunnerError } from '../../errors.ts'
import type { JsonValue } from '../json.ts'
import type { Translator } from './language.ts'

/**
 * The source of the injected cell, as papermill writes it: a comment, then one assignment a line. Throws one
 * `invalid-parameters` with every name that the language doesn't take and every value that it can't hold.
 */
export function parametersSource(
  translator: Translator,
  parameters: ReadonlyMap<string, JsonValue>,
  comment = 'Parameters',
): string {
  const faults: ParameterFault[] = []
  const seen = new Map<string, string>()
  let source = `${translator.comment(comment)}\n`
  for (const [name, value] of parameters) {
    const variable = translator.ignoresCase ? name.toLowerCase() : name
    const earlier = seen.get(variable)
    seen.set(variable, name)
    if (!translator.isName(name)) {
      faults.push(invalid(name, `"${name}" cannot be the name of a variable in ${translator.language}.`))
    } else if (earlier !== undefined) {
      faults.push(invalid(name, `"${name}" and "${earlier}" are one variable in ${translator.language}.`))
    } else {
      try {
        source += `${translator.assign(name, translator.literal(value))}\n`
      } catch (error) {
        if (!(error instanceof RunnerError)) throw error
        faults.push(
          invalid(
            name,
            `The value of "${name}" cannot be written in ${translator.language}. ${error.message}`,
          ),
        )
      }
    }
  }
  if (faults.length === 0) return source
  throw new RunnerError(
    'invalid-parameters',
    `These parameters cannot be put into the notebook: ${faults.map((fault) => fault.name).join(', ')}.`,
    { errors: faults },
  )
}

function invalid(name: string, message: string): ParameterFault {
  return { name, fault: 'invalid', message }
}
