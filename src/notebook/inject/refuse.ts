import { RunnerError } from '../../errors.ts'

/** A value that the language can't hold. The sentence is for the person who made the link. */
export function refuse(sentence: string): never {
  throw new RunnerError('invalid-parameters', sentence)
}
