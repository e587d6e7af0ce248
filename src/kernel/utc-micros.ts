/**
 * The date of a message in UTC with microseconds and `Z`, as `metadata.execution` has it. Kernels write ISO 8601 with
 * any offset and any number of digits; what is none is taken as now.
 */
export function utcMicros(date: string | undefined): string {
  const written = date ?? ''
  const [, second, fraction = '', zone] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[-+]\d\d:?\d\d)?$/.exec(written) ?? []
  const at = second === undefined ? new Date() : new Date(`${second}${zone ?? 'Z'}`)
  if (second === undefined || Number.isNaN(at.getTime())) return new Date().toISOString().replace('Z', '000Z')
  return at.toISOString().replace('.000Z', `.${fraction.slice(0, 6).padEnd(6, '0')}Z`)
}
