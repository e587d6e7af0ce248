import type { JsonNumber } from './json.ts'

const NAMES_2D = ['minx', 'miny', 'maxx', 'maxy'] as const
const NAMES_3D = ['minx', 'miny', 'minz', 'maxx', 'maxy', 'maxz'] as const

/**
 * What is wrong with a bounding box, or undefined. Degrees of longitude and latitude (CRS84), in the order of RFC 7946
 * section 5, with or without heights. minx may be greater than maxx: then the box crosses the antimeridian (5.2).
 */
export function bboxProblem(numbers: readonly JsonNumber[]): string | undefined {
  if (numbers.length !== 4 && numbers.length !== 6) {
    return `got ${numbers.length} ${numbers.length === 1 ? 'number' : 'numbers'}`
  }
  const names = numbers.length === 4 ? NAMES_2D : NAMES_3D
  const half = names.length / 2
  for (const [index, name] of names.entries()) {
    const raw = numbers[index]?.raw ?? ''
    const limit = name.endsWith('x') ? 180 : 90
    if (!name.endsWith('z') && Math.abs(Number(raw)) > limit) {
      return `${name} ${raw} is not between -${limit} and ${limit} degrees`
    }
  }
  for (const [index, name] of names.slice(0, half).entries()) {
    const [low, high] = [numbers[index]?.raw, numbers[index + half]?.raw]
    if (name !== 'minx' && Number(low) > Number(high)) {
      return `${name} ${low} is greater than ${names[index + half]} ${high}`
    }
  }
  return undefined
}
