/** Says whether a text matches, or undefined where it is too long to try. */
export type Pattern = (text: string) => boolean | undefined

/** Steps of the matcher for one text, at the very worst; some tens of milliseconds. */
const MAX_STEPS = 4e6
const MAX_TEXT_LENGTH = 8192
/** A pattern that may be tried on shorter texts only is of no use. */
const LEAST_TEXT_LENGTH = 100
const MAX_PATTERN_LENGTH = 500

/** An escape, a class, a group's opening, its end, an alternative, a quantifier (lazy or not), or any other character. */
const TOKEN =
  /\\(?:k<\w+>|[pPu]\{[^}]*\}|.)|\[(?:\\.|[^\]\\])*\]|\((?:\?(?:[:=!]|<[=!]|<\w+>))?|\)|\||(?:[*+?]|\{\d+(?:,\d*)?\})\??|./gsu

/**
 * In how many ways a part of a pattern may match a text of n characters: at most `choices` × n to the power of
 * `repetitions`. JavaScript's matcher tries them all where none leads to a match.
 */
interface Freedom {
  readonly choices: number
  readonly repetitions: number
}

const NONE: Freedom = { choices: 1, repetitions: 0 }

/**
 * A pattern of JSON Schema (an unanchored ECMA-262 expression with flag `u`), which a stranger's catalogue may hold: one
 * that could keep the matcher busy for long is refused, and longer texts than it can take are not tried. Throws
 * SyntaxError with the reason.
 */
export function compilePattern(source: string): Pattern {
  if (source.length > MAX_PATTERN_LENGTH) {
    throw new SyntaxError(`it is longer than ${MAX_PATTERN_LENGTH} characters`)
  }
  const expression = compile(source)
  const { choices, repetitions } = freedomOf(source)
  const longest = repetitions === 0 ? MAX_TEXT_LENGTH : Math.floor((MAX_STEPS / choices) ** (1 / repetitions))
  if (choices > MAX_STEPS / MAX_TEXT_LENGTH || longest < LEAST_TEXT_LENGTH) {
    throw new SyntaxError('it can match in too many ways to be tried safely')
  }
  const maxLength = Math.min(longest, MAX_TEXT_LENGTH)
  return (text) => (text.length > maxLength ? undefined : expression.test(text))
}

function compile(source: string): RegExp {
  try {
    return new RegExp(source, 'u')
  } catch {
    throw new SyntaxError('it is not a regular expression')
  }
}

function freedomOf(source: string): Freedom {
  /** What is known of the groups around, outermost first; `last` is the part that a quantifier would repeat. */
  const around: Array<{ before: Freedom; alternatives: number }> = []
  let before = NONE
  let alternatives = 1
  let last = NONE
  let anchored = source.startsWith('^')
  for (const [token] of source.matchAll(TOKEN)) {
    if (/^\((?:\?<?[=!])/.test(token)) throw new SyntaxError('it looks ahead or behind')
    if (/^\\[1-9k]/.test(token)) throw new SyntaxError('it refers back to a group')
    const bounds = /^(?:([*+?])|\{(\d+)(,?)(\d*)\})/.exec(token)
    if (bounds !== null) {
      last = repeated(last, bounds)
      continue
    }
    before = together(before, last)
    last = NONE
    if (token === '|') {
      alternatives += 1
      // `^a|b` is anchored in one of its alternatives only.
      if (around.length === 0) anchored = false
    } else if (token.startsWith('(')) {
      around.push({ before, alternatives })
      before = NONE
      alternatives = 1
    } else if (token === ')') {
      last = together(before, { choices: alternatives, repetitions: 0 })
      ;({ before, alternatives } = around.pop() ?? { before: NONE, alternatives: 1 })
    }
  }
  const whole = together(together(before, last), { choices: alternatives, repetitions: 0 })
  return anchored ? whole : together(whole, { choices: 1, repetitions: 1 })
}

function together(first: Freedom, second: Freedom): Freedom {
  return {
    choices: first.choices * second.choices,
    repetitions: first.repetitions + second.repetitions,
  }
}

function repeated(part: Freedom, [, sign, least = '', comma, most = '']: RegExpExecArray): Freedom {
  if (sign === '?') return { ...part, choices: part.choices * 2 }
  if (sign === undefined && (comma === '' || most !== '')) {
    const times = Number(most === '' ? least : most)
    const counts = times - Number(least) + 1
    return { choices: part.choices ** times * counts, repetitions: part.repetitions * times }
  }
  if (part.choices > 1 || part.repetitions > 0) {
    throw new SyntaxError('it repeats a group that can match in more than one way')
  }
  return { choices: 1, repetitions: 1 }
}
