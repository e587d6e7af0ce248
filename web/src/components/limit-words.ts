import type { Limits } from '../api/limits.ts'
import { sizeText } from '../outputs/size-text.ts'
import { durationText } from './time-text.ts'

/** The limits that can be chosen for a run: what a run and a link call them, and what a person reads. */
export const CHOICES = [
  { name: 'runSeconds', control: '_run_timeout', label: 'Time for the run', unit: 'seconds' },
  { name: 'cellSeconds', control: '_cell_timeout', label: 'Time for each cell', unit: 'seconds' },
  { name: 'silentSeconds', control: '_idle_timeout', label: 'Time without any output', unit: 'seconds' },
  { name: 'outputBytes', control: '_output_bytes', label: 'Size of the outputs', unit: 'bytes' },
] as const

type Choice = (typeof CHOICES)[number]

/** A limit in the unit that suits its size. */
export const limitText = ({ unit }: Pick<Choice, 'unit'>, value: number): string =>
  unit === 'seconds' ? durationText(value) : sizeText(value)

/** Those that there are, with what they are called. */
export const limitEntries = (limits: Limits): ReadonlyArray<readonly [label: string, text: string]> =>
  CHOICES.flatMap((choice) => {
    const value = limits[choice.name]
    return value === undefined ? [] : [[choice.label, limitText(choice, value)] as const]
  })
