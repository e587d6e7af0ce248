import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readLink, sweptInputs } from '../../src/run/link.ts'

const read = (query: string) => readLink(new URLSearchParams(query))

describe('_each', () => {
  it.each([
    ['_each=year', ['year']],
    ['_each=year,day', ['year', 'day']],
    ['_each=year&a=1&_each=day', ['year', 'day']],
    ['_each=year , day,', ['year', 'day']],
    ['_each=year,year', ['year', 'year']],
    ['_each=', []],
    ['_each=,', []],
    ['each=year', []],
  ])('%s names %j', (query, names) => {
    const { controls, faults } = read(query)
    expect([controls.each, faults]).toEqual([names, []])
    expect(sweptInputs(new URLSearchParams(query))).toEqual(names)
  })

  it('is near to what is nearly it', () => {
    expect(read('_eech=year').faults).toMatchObject([{ name: '_eech', fault: 'unknown', nearest: '_each' }])
  })

  it('leaves the inputs and the other controls as they are', () => {
    const name = fc.constantFrom('a', 'b', 'year', 'each')
    const inputs = fc.array(fc.tuple(name, fc.string()))
    fc.assert(
      fc.property(inputs, fc.array(name), fc.nat(9), (given, each, at) => {
        const pairs = [...given.slice(0, at), ['_each', each.join(',')] as const, ...given.slice(at)]
        const link = readLink(pairs)
        expect(link).toEqual({ ...readLink(given), controls: { ...readLink(given).controls, each } })
      }),
    )
  })
})

describe('a link', () => {
  it('tells a wrong mode, a repeated control and one that there is not yet', () => {
    const { faults } = read('_mode=later&_kernel=a&_kernel=b&_fresh=1')
    expect(faults.map(({ name, fault }) => `${name} ${fault}`).sort()).toEqual([
      '_fresh unknown',
      '_kernel repeated',
      '_mode invalid',
    ])
  })
})
