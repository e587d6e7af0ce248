/** What a person does, and when: assumed, not measured. Times are in seconds. */
export const WORKLOAD = {
  /** Of each person, a day. */
  runs: 10,
  preparedLinks: 5,
  pages: 40,
  /** The busiest hour has so many times what an hour has on average. */
  peak: 3,
  /** A run takes so long, with such a coefficient of variation (lognormal). */
  runSeconds: 120,
  runVariation: 2,
  /** A run has so many events as the measured one, and so large a share of them is watched live. */
  watched: 0.5,
  /** A person's own server lives so long after their last run. */
  serverIdleSeconds: 3_600,
} as const

/** What is wanted in the busiest hour. */
export const TARGETS = {
  /** 95 of 100 runs wait no longer for a worker. */
  runWaitSeconds: 1,
  /** 99 of 100 requests wait no longer for a server. */
  requestWaitSeconds: 0.05,
  /** No process and no core of PostgreSQL is busier. */
  utilisation: 0.6,
  /** What a worker may have. */
  workerMiB: 1024,
} as const

/** How long what is kept is kept, in days: the defaults, and a year of history. */
export const KEPT_DAYS: Readonly<Record<string, number>> = {
  run_event: 7,
  run_cell: 30,
  run_snapshot: 30,
}
export const HISTORY_DAYS = 365

/** Runs a second in the busiest hour. */
export const runRate = (people: number): number => (people * WORKLOAD.runs * WORKLOAD.peak) / 86_400
