import { closest, distance } from 'fastest-levenshtein'
import { RunnerError } from '../errors.ts'
import type { Kernelspec } from './kernel-host.ts'

/** The error for a name that is none of these, with the nearest one that is. */
export function noSuchKernel(name: string, kernelspecs: readonly Kernelspec[]): RunnerError {
  const names = kernelspecs.map((spec) => spec.name)
  const nearest = names.length === 0 ? undefined : closest(name, names)
  const near = nearest !== undefined && distance(name, nearest) <= Math.max(2, name.length / 3)
  const hint = near ? ` Did you mean ${nearest}?` : ''
  const there = names.length === 0 ? 'There are none.' : `There are: ${names.join(', ')}.`
  return new RunnerError(
    'no-such-kernel',
    `There is no kernel called ${name}.${hint} ${there}`,
    near ? { nearest } : {},
  )
}
