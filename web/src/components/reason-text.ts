const REASONS: ReadonlyMap<string, string> = new Map([
  ['cell-error', 'a cell raised an error'],
  ['kernel-died', 'the kernel died'],
  ['out-of-memory', 'it needed more memory than there was'],
  ['timeout', 'it took longer than it may'],
  ['start-failed', 'the kernel could not be started'],
  ['storage-failed', 'the notebook could not be stored'],
  ['outcome-unknown', 'it is not known what became of a cell'],
])

/** Why a run failed, in a few words. */
export const reasonText = (reason: string): string => REASONS.get(reason) ?? reason
