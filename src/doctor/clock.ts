import { CLOCK_SKEW_SECONDS } from '../identity/bearer.ts'
import { ask } from './ask.ts'
import { type Finding, fault, notConcerned, ok, reasonOf } from './finding.ts'

/** Our clock beside that of a part, by the Date of its answer (RFC 9110, 6.6.1), whatever else it answers. */
export async function checkClock(setting: string, url: string): Promise<Finding> {
  const check = `clock of ${setting}`
  try {
    const { ahead } = await ask(url)
    if (ahead === undefined) return notConcerned(check, 'It does not tell the time.')
    const seconds = Math.round(ahead)
    if (Math.abs(seconds) <= CLOCK_SKEW_SECONDS) return ok(check, `${Math.abs(seconds)} s apart.`)
    const where = seconds > 0 ? 'ahead of' : 'behind'
    return fault(check, 'clock-skew', `It is ${Math.abs(seconds)} s ${where} the clock of this machine.`)
  } catch (error) {
    return notConcerned(check, `It does not answer: ${reasonOf(error)}.`)
  }
}
