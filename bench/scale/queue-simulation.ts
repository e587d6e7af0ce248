import { Heap } from './heap.ts'

/** A line of jobs before servers of one kind, each of which has one job at a time. Times are in seconds. */
export interface Line {
  /** When each job arrives, in their order; none before 0, when all servers are free. */
  readonly arrivals: readonly number[]
  /** How long the next job takes. */
  readonly service: () => number
  readonly servers: number
  /**
   * - `shared`: one line for all, first come first served, as workers take runs of the queue.
   * - `random`: each job goes to a server chosen at random, and waits there, as a load balancer sends requests.
   */
  readonly discipline: 'shared' | 'random'
  /** Numbers from 0 to 1, for `random`. */
  readonly random: () => number
}

/**
 * How long each job waits before it is begun, in the order of arrival. Nothing is thrown away, no job is given up: by
 * Kiefer and Wolfowitz, the next job of a shared line begins at its arrival or when the first server becomes free.
 */
export function waits({ arrivals, service, servers, discipline, random }: Line): Float64Array {
  const waited = new Float64Array(arrivals.length)
  const own = new Float64Array(servers)
  const free = new Heap(own)
  for (const [index, arrival] of arrivals.entries()) {
    const chosen = discipline === 'random' ? Math.floor(random() * servers) : undefined
    const freeAt = chosen === undefined ? free.least : (own[chosen] ?? 0)
    const begin = Math.max(arrival, freeAt)
    waited[index] = begin - arrival
    const end = begin + service()
    if (chosen === undefined) free.replaceLeast(end)
    else own[chosen] = end
  }
  return waited
}

/** Arrivals of a Poisson process between two times, whose rate changes: thinned from one of the highest rate. */
export function poissonArrivals(
  { from, to, most }: { readonly from: number; readonly to: number; readonly most: number },
  rate: (at: number) => number,
  random: () => number,
): readonly number[] {
  const arrivals: number[] = []
  const gap = () => -Math.log(1 - random()) / most
  for (let at = from + gap(); at < to; at += gap()) if (random() * most < rate(at)) arrivals.push(at)
  return arrivals
}

/** Lognormal times of a mean and a coefficient of variation. */
export function lognormal(mean: number, variation: number, random: () => number): () => number {
  const variance = Math.log(1 + variation ** 2)
  const centre = Math.log(mean) - variance / 2
  return () => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    return Math.exp(centre + Math.sqrt(variance) * normal)
  }
}

/** The value that so large a share of them does not exceed. */
export function quantile(values: Float64Array, share: number): number {
  const sorted = values.toSorted()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

/** The least number from `from` on for which `enough` holds, which holds for all above one for which it does. */
export function least(from: number, enough: (count: number) => boolean): number {
  let [low, high] = [from - 1, from]
  while (!enough(high)) [low, high] = [high, high * 2]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (enough(middle)) high = middle
    else low = middle
  }
  return high
}
