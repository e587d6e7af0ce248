import { cancelJob, hideJob, isEnded, type Job, purgeJob, rerunJob } from '../../api/jobs.ts'
import { type Problem, problemOf } from '../../api/problem.ts'
import { runName } from './run-row.tsx'

export type RunAction = 'cancel' | 'delete' | 'purge' | 'rerun'

interface ActionWords {
  /** On the button. */
  readonly verb: string
  /** After the number of runs for which it was done. */
  readonly done: string
  readonly act: (job: Job, stopServer: boolean) => Promise<unknown>
}

export const RUN_ACTIONS: Readonly<Record<RunAction, ActionWords>> = {
  cancel: { verb: 'Cancel', done: 'to be cancelled', act: ({ jobID }) => cancelJob(jobID) },
  delete: { verb: 'Delete', done: 'deleted from the list', act: ({ jobID }) => hideJob(jobID) },
  purge: { verb: 'Delete', done: 'deleted with notebooks and files', act: ({ jobID }) => purgeJob(jobID) },
  rerun: {
    verb: 'Run again',
    done: 'started again',
    act: ({ jobID }, stopServer) => rerunJob(jobID, { stopServer }),
  },
}

/** Whether it is worth asking for; the server decides. */
export const isFor = (action: RunAction, { state }: Job): boolean =>
  action === 'cancel' ? !isEnded(state) : action === 'rerun' ? state !== 'prepared' : isEnded(state)

interface ActionFailure {
  readonly job: Job
  readonly name: string
  readonly problem: Problem
}

export interface ActionOutcome {
  readonly action: RunAction
  readonly done: readonly Job[]
  /** Each by the run's name and in the server's words. */
  readonly failures: readonly ActionFailure[]
}

const AT_ONCE = 4

/**
 * Does it to each run, some at a time; one that fails keeps no other from it.
 * @param stopServer whether the person agrees that another server of theirs is stopped for it
 */
export async function actOn(
  action: RunAction,
  jobs: readonly Job[],
  stopServer = false,
): Promise<ActionOutcome> {
  const done: Job[] = []
  const failures: ActionFailure[] = []
  const open = jobs.values()
  const work = async () => {
    for (const job of open) {
      try {
        await RUN_ACTIONS[action].act(job, stopServer)
        done.push(job)
      } catch (error) {
        failures.push({ job, name: runName(job), problem: problemOf(error) })
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return { action, done, failures }
}
