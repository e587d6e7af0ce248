import { type ParameterFault, RunnerError } from '../errors.ts'

const MAX_RECEIVED = 200

/** Reads the parameters of a query that is no link, and collects what is wrong with them. An empty one is not given. */
export class QueryReader {
  readonly #query: URLSearchParams
  readonly #faults: ParameterFault[] = []

  constructor(query: URLSearchParams) {
    this.#query = query
  }

  one(name: string): string | undefined {
    const [value, ...others] = this.#query.getAll(name)
    if (others.length > 0)
      this.fault({ name, fault: 'repeated', message: `${name} is given more than once.` })
    return value === '' ? undefined : value
  }

  /** All values, repeated or by comma. */
  many(name: string): readonly string[] {
    return this.#query.getAll(name).flatMap((value) => value.split(',').filter((part) => part !== ''))
  }

  /** As `read` makes it of the text; undefined from it: the value is not what is expected. */
  as<T>(name: string, expected: string, read: (text: string) => T | undefined): T | undefined {
    const text = this.one(name)
    if (text === undefined) return undefined
    const value = read(text)
    if (value === undefined) this.invalid(name, expected)
    return value
  }

  /** All values, each one of `known`. */
  choices<T extends string>(name: string, known: readonly T[]): readonly T[] {
    const given = this.many(name)
    const valid = known.filter((choice) => given.includes(choice))
    if (given.some((value) => known.every((choice) => choice !== value)))
      this.invalid(name, `some of ${known.join(', ')}`)
    return valid
  }

  invalid(name: string, expected: string): void {
    const received = this.#query.getAll(name).join(',').slice(0, MAX_RECEIVED)
    this.fault({ name, fault: 'invalid', message: `${name}: expected ${expected}.`, received, expected })
  }

  fault(fault: ParameterFault): void {
    this.#faults.push(fault)
  }

  /** @throws RunnerError `invalid-parameters` with every fault. */
  done(): void {
    const errors = this.#faults
    if (errors.length === 0) return
    throw new RunnerError('invalid-parameters', errors.map(({ message }) => message).join(' '), { errors })
  }
}
