import { jobOf } from './answers.ts'
import type { TestRunner } from './runner.ts'

/** Starts a run as the local user's program does, and gives its id. */
export async function startedRun(
  runner: TestRunner,
  notebookId: string,
  inputs: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const response = await runner.fetch(`/processes/${notebookId}/execution`, {
    method: 'POST',
    headers: { authorization: `Bearer ${runner.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ inputs }),
  })
  return (await jobOf(response)).id
}

/** Returns once the run has ended, with its state. */
export async function endOf(runner: TestRunner, id: string): Promise<string> {
  for (;;) {
    const { state } = await jobOf(await runner.program(`/jobs/${id}`))
    if (state === 'succeeded' || state === 'failed' || state === 'cancelled') return state
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
