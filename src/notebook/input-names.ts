import { distance } from 'fastest-levenshtein'

/** An input's name: an identifier of every language that notebooks are written in. No leading `_`: those steer links. */
export const INPUT_NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/

/** The declared name that was most probably meant; undefined where none is near. Case and `-` for `_` cost nothing. */
export function nearestName(name: string, declared: Iterable<string>): string | undefined {
  if (name.length > 128) return undefined
  const wanted = folded(name)
  let best: string | undefined
  let least = Math.max(2, Math.floor(wanted.length / 3)) + 1
  for (const candidate of declared) {
    const away = distance(wanted, folded(candidate))
    if (away < least && away < candidate.length) {
      best = candidate
      least = away
    }
  }
  return best
}

function folded(name: string): string {
  return name.toLowerCase().replaceAll('-', '_')
}
