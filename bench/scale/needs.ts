import { CONNECTIONS } from '../../src/database/connect.ts'
import { randomFrom } from '../chaos/random.ts'
import type { Cost, Figures } from './figures.ts'
import { least, lognormal, poissonArrivals, quantile, waits } from './queue-simulation.ts'
import { HISTORY_DAYS, KEPT_DAYS, runRate, TARGETS, WORKLOAD } from './workload.ts'

/** The simulated hour, and what comes before it so that it does not begin empty. */
const HOUR = 3_600
const BEFORE = 1_800
/** Requests that are simulated for one number of servers. */
const REQUESTS = 200_000
/** The connection by which a process hears of runs. */
const LISTENING = 1
/** One may fail or be replaced. */
const AT_LEAST = 2

/** What so many people need in the busiest hour. */
export interface Needs {
  readonly people: number
  readonly runsADay: number
  /** Runs that go at a time, on average, and places for runs so that few wait. */
  readonly live: number
  readonly places: number
  readonly runWait95: number
  readonly workers: number
  readonly servers: number
  readonly requestRate: number
  readonly requestWait99: number
  readonly connections: number
  readonly databaseCores: number
  readonly databaseGB: number
  readonly eventRowsMillion: number
  readonly claimsBusy: number
  readonly newsBusy: number
  readonly hubServers: number
  readonly hubStartsASecond: number
  readonly kernelGB: number
}

export function needsOf(people: number, figures: Figures): Needs {
  const random = randomFrom(1)
  const runs = runRate(people)
  const live = runs * WORKLOAD.runSeconds
  const { places, wait: runWait95 } = placesFor(runs, random)
  const workers = Math.max(AT_LEAST, Math.ceil(places / runsPerWorker(figures)))
  const { servers, rate, wait } = serversFor(people, figures, random)
  const own = personalServers(people)
  return {
    people,
    runsADay: people * WORKLOAD.runs,
    live,
    places,
    runWait95,
    workers,
    servers,
    requestRate: rate,
    requestWait99: wait,
    connections: (servers + workers) * (CONNECTIONS + LISTENING),
    databaseCores: databaseLoad(people, figures) / TARGETS.utilisation,
    databaseGB: databaseBytes(people, figures) / 1e9,
    eventRowsMillion: eventRows(people, figures) / 1e6,
    claimsBusy: claimsBusy(people, figures),
    newsBusy: newsBusy(people, figures),
    hubServers: own.up,
    hubStartsASecond: own.startsASecond,
    kernelGB: (live * figures.kernel.MiB * 1.048_576) / 1_000,
  }
}

/** How many runs one worker works on: by its CPU, and by its memory. */
export function runsPerWorker({ cost, worker }: Figures): number {
  const byCpu = (TARGETS.utilisation * 1_000 * WORKLOAD.runSeconds) / cost.run.server
  const byMemory = (TARGETS.workerMiB - worker.idleMiB) / Math.max(worker.runMiB, 0.1)
  return Math.max(1, Math.floor(Math.min(byCpu, byMemory)))
}

/** The share of the time that claims, which are made one at a time, take. Above 1 the line only grows. */
export function claimsBusy(people: number, { claims }: Figures): number {
  const live = runRate(people) * WORKLOAD.runSeconds
  const few = claims.filter(({ waiting }) => waiting === claims[0]?.waiting)
  const [low, high] = [few[0], few.at(-1)]
  if (low === undefined || high === undefined) throw new Error('Claims were not measured')
  const each = low.ms + ((high.ms - low.ms) * Math.max(0, live - low.live)) / (high.live - low.live)
  return (runRate(people) * each) / 1_000
}

/** The share of a core that each server and worker has with news of all runs, which everybody hears. */
export const newsBusy = (people: number, { run, cost }: Figures): number =>
  (runRate(people) * run.events * cost.notice.server) / 1_000

/** Cores that PostgreSQL is busy with. */
export function databaseLoad(people: number, { cost, run }: Figures): number {
  const perSecond = requestsOf(people).map(({ rate, kind }) => rate * cost[kind].database)
  const delivered = runRate(people) * run.events * WORKLOAD.watched * cost.delivery.database
  const all = perSecond.reduce((sum, each) => sum + each, 0) + runRate(people) * cost.run.database + delivered
  return all / 1_000
}

/** Of all runs whose events are kept. */
export const eventRows = (people: number, { run }: Figures): number =>
  people * WORKLOAD.runs * run.events * (KEPT_DAYS['run_event'] ?? HISTORY_DAYS)

/** What is in PostgreSQL once everything is as old as it gets. */
function databaseBytes(people: number, { run }: Figures): number {
  const daily = people * WORKLOAD.runs
  return Object.entries(run.tables).reduce(
    (sum, [name, { bytes }]) => sum + daily * bytes * (KEPT_DAYS[name] ?? HISTORY_DAYS),
    0,
  )
}

/** Requests a second in the busiest hour, by kind. */
function requestsOf(people: number): readonly { readonly kind: RequestKind; readonly rate: number }[] {
  const daily = (count: number) => (people * count * WORKLOAD.peak) / 86_400
  return [
    { kind: 'prepare', rate: daily(WORKLOAD.preparedLinks) },
    { kind: 'accept', rate: runRate(people) },
    { kind: 'history', rate: daily(WORKLOAD.pages / 2) },
    { kind: 'status', rate: daily(WORKLOAD.pages / 2) },
  ]
}
type RequestKind = 'prepare' | 'accept' | 'history' | 'status'

/** One line for all runs. */
function placesFor(rate: number, random: () => number): { readonly places: number; readonly wait: number } {
  const arrivals = poissonArrivals({ from: 0, to: BEFORE + HOUR, most: rate }, () => rate, random)
  const first = arrivals.findIndex((at) => at >= BEFORE)
  if (first < 0) return { places: AT_LEAST, wait: 0 }
  const times = Float64Array.from(arrivals, lognormal(WORKLOAD.runSeconds, WORKLOAD.runVariation, random))
  const waitWith = (servers: number) => {
    let next = 0
    const service = () => times[next++] ?? 0
    const waited = waits({ arrivals, service, servers, discipline: 'shared', random })
    return quantile(waited.subarray(first), 0.95)
  }
  const places = least(AT_LEAST, (count) => waitWith(count) <= TARGETS.runWaitSeconds)
  return { places, wait: waitWith(places) }
}

/** Each request goes to a server at random; what each has to do besides makes it slower for requests. */
function serversFor(people: number, figures: Figures, random: () => number) {
  const kinds = requestsOf(people)
  const rate = kinds.reduce((sum, each) => sum + each.rate, 0)
  const news = newsBusy(people, figures)
  const delivering =
    (runRate(people) * figures.run.events * WORKLOAD.watched * figures.cost.delivery.server) / 1_000
  const seconds = (cost: Cost) => cost.server / 1_000
  const busy = kinds.reduce((sum, each) => sum + each.rate * seconds(figures.cost[each.kind]), 0)
  const service = () => {
    let at = random() * rate
    for (const each of kinds) {
      if (at < each.rate) return seconds(figures.cost[each.kind])
      at -= each.rate
    }
    return 0
  }
  const arrivals = poissonArrivals({ from: 0, to: REQUESTS / rate, most: rate }, () => rate, random)
  const waitWith = (servers: number) => {
    const left = 1 - news - delivering / servers
    if (left <= 0) return Infinity
    const slower = () => service() / left
    const waited = waits({ arrivals, service: slower, servers, discipline: 'random', random })
    return quantile(waited, 0.99)
  }
  if (news >= TARGETS.utilisation) return { servers: Infinity, rate, wait: Infinity }
  const servers = least(
    AT_LEAST,
    (count) =>
      (busy + delivering) / count + news <= TARGETS.utilisation &&
      waitWith(count) <= TARGETS.requestWaitSeconds,
  )
  return { servers, rate, wait: waitWith(servers) }
}

/** People's own servers that are up, where each starts with a run and ends some time after the last one. */
export function personalServers(people: number): { readonly up: number; readonly startsASecond: number } {
  const rate = runRate(people) / people
  const away = Math.exp(-rate * (WORKLOAD.serverIdleSeconds + WORKLOAD.runSeconds))
  return { up: people * (1 - away), startsASecond: people * rate * away }
}
