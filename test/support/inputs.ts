import { RunnerError } from '../../src/errors.ts'
import type { InputSchema, InputsSchema } from '../../src/notebook/inputs-schema.ts'

/** A schema of these inputs. */
export function inputs(
  properties: Readonly<Record<string, InputSchema>>,
  required: readonly string[] = [],
): InputsSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: Object.setPrototypeOf({ ...properties }, null),
    required,
    additionalProperties: false,
  }
}

/** The RunnerError that `act` throws; anything else fails the test. */
export function errorOf(act: () => unknown): RunnerError {
  try {
    act()
  } catch (error) {
    if (error instanceof RunnerError) return error
    throw error
  }
  throw new Error('Nothing was thrown')
}
