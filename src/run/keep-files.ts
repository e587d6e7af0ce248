import { collectFiles } from './collect-files.ts'
import { isLeaving, type RunInWork, storageScope } from './execute-parts.ts'
import { onAbort } from './on-abort.ts'
import type { RunState } from './run.ts'
import { throughOutages } from './through-outages.ts'

/**
 * Keeps the files that the run left in its folder, whose execution ended as `state`. Where there are any, its kernel is
 * ended first, which writes what it has not yet; that of a failed run is not, because a person may want to look into it.
 */
export async function keepFiles(work: RunInWork, state: RunState): Promise<void> {
  const { parts, claim, hold, log } = work
  const { run, lease } = claim
  const kernel = lease.kernel ?? run.kernel
  if (kernel === undefined) return
  const leaving = new AbortController()
  using _leaving = onAbort(hold.signal, () => {
    if (isLeaving(work)) leaving.abort(hold.signal.reason)
  })
  const files = await collectFiles(
    {
      files: parts.files,
      folder: parts.folderOf({ ...run, kernel }),
      storage: parts.storage,
      scope: await storageScope(work),
      notebook: run.object,
      limits: parts.fileLimits,
      settle: async () => {
        if (state === 'failed') return
        await parts.host
          .shutdown(kernel.kernelId)
          .catch((err: unknown) =>
            log.warn({ err }, 'the kernel could not be ended before its files were read'),
          )
      },
      log,
    },
    leaving.signal,
  )
  await throughOutages(() => lease.setFiles(files), leaving.signal)
}
