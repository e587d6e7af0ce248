import { RE2JS } from 're2js'

/** Says whether a text matches, or undefined where it is too long to try. */
export type Pattern = (text: string) => boolean | undefined

const MAX_PATTERN_LENGTH = 500
/** RE2 takes at most (instructions × characters) steps for any text: some tens of milliseconds. */
const MAX_STEPS = 2e6

/**
 * A pattern of JSON Schema, unanchored, which a stranger's catalogue may hold. RE2 matches in time linear in the text
 * whatever the pattern, so none can keep the service busy; it has no look-ahead and no back-references. Throws
 * SyntaxError with the reason.
 */
export function compilePattern(source: string): Pattern {
  if (source.length > MAX_PATTERN_LENGTH) {
    throw new SyntaxError(`it is longer than ${MAX_PATTERN_LENGTH} characters`)
  }
  const expression = compile(source)
  const maxLength = Math.floor(MAX_STEPS / expression.programSize())
  return (text) => (text.length > maxLength ? undefined : expression.test(text))
}

function compile(source: string): RE2JS {
  try {
    return RE2JS.compile(RE2JS.translateRegExp(source))
  } catch {
    throw new SyntaxError(
      'it is not a regular expression of RE2, which has no look-ahead and no back-references',
    )
  }
}
