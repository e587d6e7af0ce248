import { RunnerError } from '../errors.ts'
import type { Attributes, OpenSpan, Tracing } from './tracing.ts'

/** Does the work in a span of its own; where there is no tracing, just the work. What it throws is passed on. */
export function inSpan<T>(
  tracing: Tracing | undefined,
  name: string,
  work: () => T,
  attributes?: Attributes,
): T {
  if (tracing === undefined) return work()
  const span = tracing.start({ name, ...(attributes !== undefined && { attributes }) })
  try {
    const result = span.within(work)
    if (result instanceof Promise) void endAfter(span, result)
    else span.end()
    return result
  } catch (error) {
    span.end(faultOf(error))
    throw error
  }
}

async function endAfter(span: OpenSpan, work: Promise<unknown>): Promise<void> {
  try {
    await work
    span.end()
  } catch (error) {
    span.end(faultOf(error))
  }
}

const faultOf = (error: unknown): string => (error instanceof RunnerError ? error.code : 'unexpected')
