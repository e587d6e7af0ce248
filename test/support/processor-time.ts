/** Milliseconds of processor time that this process has taken for it: a busy machine changes nothing about them. */
export function processorMs(work: () => void): number {
  const before = process.cpuUsage()
  work()
  return millisecondsSince(before)
}

/** The same for what ends later, with all that this process does meanwhile. */
export async function processorMsOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  return millisecondsSince(before)
}

function millisecondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
