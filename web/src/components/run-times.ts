import type { Job } from '../api/jobs.ts'
import { durationText } from './time-text.ts'

/** From its start to its end, or to now. Empty where it has not begun. */
export function tookText({ started, finished }: Pick<Job, 'started' | 'finished'>): string {
  if (started === undefined) return ''
  const end = finished === undefined ? Date.now() : Date.parse(finished)
  return durationText(Math.max(0, end - Date.parse(started)) / 1000)
}
