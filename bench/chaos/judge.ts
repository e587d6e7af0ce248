import { setTimeout as pause } from 'node:timers/promises'
import { type ServiceFolder, tracesOf } from '../../test/support/service-process.ts'
import type { Fault } from './faults.ts'
import type { Fleet } from './fleet.ts'

export interface Judgement {
  /**
   * - `lost`: it did not end in time.
   * - `doubled`: a cell ran twice.
   * - `wrong`: how it ended is not true.
   */
  readonly verdict: 'right' | 'lost' | 'doubled' | 'wrong'
  /** State, and the reason of a failure. */
  readonly end: string
  readonly why: string
}

/** A lease, a start of everything, and the runs that come before in the line. */
const PATIENCE_MS = 120_000
const CELLS = 5
const FAILING = 3

export async function judge(
  fleet: Fleet,
  folder: ServiceFolder,
  id: string,
  fault: Fault,
): Promise<Judgement> {
  const job = await ended(fleet, id, fault.patienceMs ?? PATIENCE_MS)
  const { state, reason, message, inputs } = job
  const end = reason === undefined ? state : `${state} (${reason})`
  const cells = (await tracesOf(folder, id)).map(({ cell }) => cell)
  const about = `run ${id} is ${end}${message === undefined ? '' : ` (“${message}”)`}, cells that ran: ${cells.join(' ')}`
  const judged = (verdict: Judgement['verdict'], why: string) => ({ verdict, end, why: `${about}: ${why}` })
  if (!['succeeded', 'failed', 'cancelled'].includes(state)) return judged('lost', 'it did not end in time')
  if (new Set(cells).size < cells.length) return judged('doubled', 'a cell ran twice')
  if (cells.some((cell, index) => cell !== index)) return judged('wrong', 'the cells ran in another order')
  const wanted = inputs.fail === FAILING ? FAILING + 1 : CELLS
  if (cells.length > wanted) return judged('wrong', 'a cell ran after the one that failed')
  const whole = cells.length === wanted
  if (state === 'succeeded') {
    return whole && wanted === CELLS ? judged('right', '') : judged('wrong', 'not all of it ran well')
  }
  if (reason === 'cell-error') {
    return whole && wanted < CELLS ? judged('right', '') : judged('wrong', 'no cell was to fail')
  }
  return fault.excuses.includes(reason ?? state) ? judged('right', '') : judged('wrong', 'there was no cause')
}

interface Job {
  readonly state: string
  readonly reason?: string
  readonly message?: string
  readonly inputs: { readonly fail?: number }
}

async function ended(fleet: Fleet, id: string, patienceMs: number): Promise<Job> {
  const end = performance.now() + patienceMs
  for (;;) {
    const job = jobFrom(await fleet.job(id))
    if (['succeeded', 'failed', 'cancelled'].includes(job.state) || performance.now() > end) return job
    await pause(250)
  }
}

function jobFrom(answer: unknown): Job {
  const text = (name: string) => {
    const value = memberOf(answer, name)
    return typeof value === 'string' ? value : undefined
  }
  const [reason, message] = [text('reason'), text('message')]
  return {
    state: text('state') ?? 'unknown',
    ...(reason !== undefined && { reason }),
    ...(message !== undefined && { message }),
    inputs: { fail: Number(memberOf(memberOf(answer, 'parameters'), 'fail')) },
  }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
