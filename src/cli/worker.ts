import { RunnerError } from '../errors.ts'
import { running } from './running.ts'

/** `notebook-runner worker`: executes runs of the queue, and serves nothing but its metrics. */
export function worker(): Promise<void> {
  return running(async (context) => {
    if (await context.work()) return 'Waiting for runs. Ctrl-C stops it.\n'
    throw new RunnerError(
      'invalid-settings',
      'This worker would do nothing: KERNELS is none, or MAX_CONCURRENT_RUNS is 0.',
    )
  })
}
