import { Value } from 'typebox/value'
import { PreparedRun } from '../../src/http/openapi.ts'
import { Problem } from '../../src/http/problem-schema.ts'

/** The problem document of an answer. Fails where it does not fit its schema. */
export async function problemOf(response: Response): Promise<Problem> {
  return Value.Parse(Problem, await response.json())
}

/** The prepared run of an answer. Fails where it does not fit its schema. */
export async function runOf(response: Response): Promise<PreparedRun> {
  return Value.Parse(PreparedRun, await response.json())
}
