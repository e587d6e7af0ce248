import { RunnerError } from '../../src/errors.ts'
import { parametersSource, translatorFor } from '../../src/notebook/inject/translator.ts'
import { type JsonValue, pythonJson } from '../../src/notebook/json.ts'
import type { Interpreter } from './interpreter.ts'

/** What the code makes of a value in a language: the assignment, or why it refuses. */
export type Made = { readonly cell: string; readonly literal: string } | { readonly refused: string }

export function make(language: string, value: JsonValue): Made {
  const translator = translatorFor({ kernelName: undefined, language })
  try {
    const literal = translator.literal(value)
    return { literal, cell: parametersSource(translator, new Map([['x', value]])) }
  } catch (error) {
    if (error instanceof RunnerError) return { refused: error.message }
    throw error
  }
}

export interface Verdict {
  readonly value: JsonValue
  /** What was wrong, for a person; nothing where the value came back equal. */
  readonly fault: string | undefined
}

/** Sends the values through the interpreter. Values that are refused, or that it can't judge, are left out. */
export async function roundTrips(
  language: string,
  interpreter: Interpreter,
  values: readonly JsonValue[],
): Promise<Verdict[]> {
  const sent = values.flatMap((value) => {
    const made = make(language, value)
    const judged = 'cell' in made && (interpreter.canJudge?.(made.literal) ?? true)
    return judged ? [{ value, cell: made.cell }] : []
  })
  const outcomes = await interpreter.run(sent.map(({ cell }) => cell))
  return sent.map(({ value, cell }, at) => {
    const outcome = outcomes[at] ?? { error: 'no outcome' }
    const same = 'shown' in outcome && interpreter.isSame(value, outcome.shown)
    const fault = `${pythonJson(value)}\n  as ${cell}\n  came back as ${JSON.stringify(outcome)}`
    return { value, fault: same ? undefined : fault }
  })
}

/** Of the names that the code takes for variables, those that the interpreter doesn't. */
export async function namesThatFail(
  language: string,
  interpreter: Interpreter,
  names: readonly string[],
): Promise<{ readonly tried: number; readonly faults: string[] }> {
  const translator = translatorFor({ kernelName: undefined, language })
  const taken = names.filter(
    (name) => translator.isName(name) && name !== 'x' && (interpreter.canJudge?.(name) ?? true),
  )
  const cells = taken.map((name) => {
    const read = translator.assign('x', language === 'bash' ? `$${name}` : name)
    return `${parametersSource(translator, new Map([[name, 'here']]))}${read}\n`
  })
  const outcomes = await interpreter.run(cells)
  const faults = taken.flatMap((name, at) => {
    const outcome = outcomes[at] ?? { error: 'no outcome' }
    const came = 'shown' in outcome && interpreter.isSame('here', outcome.shown)
    return came ? [] : [`the name ${name} came back as ${JSON.stringify(outcome)}`]
  })
  return { tried: taken.length, faults }
}
