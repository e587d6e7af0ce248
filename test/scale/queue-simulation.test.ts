import { describe, expect, it } from 'vitest'
import { randomFrom } from '../../bench/chaos/random.ts'
import { least, lognormal, poissonArrivals, quantile, waits } from '../../bench/scale/queue-simulation.ts'

const JOBS = 1_000_000
const random = randomFrom(1)
const exponential = (mean: number) => () => -mean * Math.log(1 - random())
const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length
const arrivalsAt = (rate: number) =>
  poissonArrivals({ from: 0, to: JOBS / rate, most: rate }, () => rate, random)

/** Mean wait and chance to wait at all in M/M/c, by Erlang's formula C. */
function erlangC(rate: number, serviceMean: number, servers: number): { wait: number; chance: number } {
  const load = rate * serviceMean
  let [term, sum] = [1, 0]
  for (let busy = 0; busy < servers; busy++) {
    sum += term
    term *= load / (busy + 1)
  }
  const all = term / (1 - load / servers)
  const chance = all / (sum + all)
  return { wait: (chance * serviceMean) / (servers - load), chance }
}

describe('the simulation of a line agrees with what is known of', () => {
  it.each([
    [1, 0.5],
    [1, 0.8],
    [2, 0.7],
    [10, 0.8],
    [20, 0.85],
  ])('M/M/%i at a load of %d: mean wait and chance to wait', (servers, load) => {
    const rate = servers * load
    const known = erlangC(rate, 1, servers)
    const arrivals = arrivalsAt(rate)
    const waited = waits({ arrivals, service: exponential(1), servers, discipline: 'shared', random })
    expect(Math.abs(mean(waited) / known.wait - 1)).toBeLessThan(0.08)
    const chance = waited.filter((wait) => wait > 0).length / waited.length
    expect(chance).toBeCloseTo(known.chance, 1)
  })

  it.each([
    ['constant', () => 1, 0],
    ['lognormal', lognormal(1, 1.5, random), 1.5],
  ])('M/G/1 with %s times: the formula of Pollaczek and Khinchine', (_name, service, variation) => {
    const load = 0.6
    const waited = waits({ arrivals: arrivalsAt(load), service, servers: 1, discipline: 'shared', random })
    const known = (load * (1 + variation ** 2)) / (2 * (1 - load))
    expect(Math.abs(mean(waited) / known - 1)).toBeLessThan(0.08)
  })

  it('requests that are sent to servers at random: each is an M/M/1', () => {
    const [servers, load] = [8, 0.7]
    const arrivals = arrivalsAt(servers * load)
    const waited = waits({ arrivals, service: exponential(1), servers, discipline: 'random', random })
    expect(mean(waited) / erlangC(load, 1, 1).wait).toBeCloseTo(1, 1)
  })
})

it('arrivals have the rate that is asked for, at each time', () => {
  const arrivals = poissonArrivals({ from: 0, to: 2_000, most: 30 }, (at) => (at < 1_000 ? 10 : 30), random)
  const before = arrivals.filter((at) => at < 1_000).length
  expect(before / 1_000).toBeCloseTo(10, -0.5)
  expect((arrivals.length - before) / 1_000).toBeCloseTo(30, -0.5)
})

it('lognormal times have the mean and the variation that are asked for', () => {
  const time = lognormal(120, 2, random)
  const times = Float64Array.from({ length: JOBS }, time)
  expect(mean(times) / 120).toBeCloseTo(1, 1)
  expect(quantile(times, 0.5)).toBeCloseTo(120 / Math.sqrt(5), -1)
})

it('the least number is found', () => {
  for (const wanted of [1, 2, 7, 64, 1_000]) expect(least(1, (count) => count >= wanted)).toBe(wanted)
})

it('the same seed gives the same', () => {
  const once = () => {
    const seeded = randomFrom(7)
    const arrivals = poissonArrivals({ from: 0, to: 100, most: 5 }, () => 5, seeded)
    return [
      ...waits({
        arrivals,
        service: lognormal(1, 1, seeded),
        servers: 6,
        discipline: 'shared',
        random: seeded,
      }),
    ]
  }
  expect(once()).toEqual(once())
})
