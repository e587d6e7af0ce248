/**
 * A token of Python. `newline` ends a logical line: not inside brackets, and not after a backslash. `indent` starts one
 * that is part of a block. `magic` is a whole line for IPython (`%matplotlib inline`, `!ls`).
 */
export interface Token {
  readonly kind: 'name' | 'number' | 'string' | 'op' | 'comment' | 'newline' | 'indent' | 'magic'
  readonly text: string
  readonly start: number
  readonly end: number
  /** The line that it starts on, and the one it ends on. */
  readonly line: number
  readonly lastLine: number
}

const NAME = /[\p{ID_Start}_]\p{ID_Continue}*/uy
const NUMBER = /(?:0[xXoObB][\da-fA-F_]+|(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][-+]?\d[\d_]*)?[jJ]?)/y
const QUOTE = /(?:[rbuft]|br|rb|fr|rf|tr|rt)?("""|'''|"|')/iy
const OPERATOR = /\*\*=?|\/\/=?|>>=?|<<=?|[-+*/%@&|^=!<>:]=|->|\.\.\.|./sy
const BLANKS = /(?:[ \t\f]|\\\n)*/y
const REST_OF_LINE = /[^\n]*/y

/** The tokens of a cell. Throws SyntaxError where a string or bracket has no end. `source` has `\n` line ends only. */
export function pythonTokens(source: string): Token[] {
  const tokens: Token[] = []
  let position = 0
  let line = 1
  let depth = 0
  let startOfLine = true

  const take = (kind: Token['kind'], end: number): void => {
    const text = source.slice(position, end)
    const lastLine = line + (kind === 'newline' ? 0 : linesIn(text))
    tokens.push({ kind, text, start: position, end, line, lastLine })
    line = lastLine
    position = end
  }

  while (position < source.length) {
    const blanksEnd = endOf(BLANKS, source, position) ?? position
    if (startOfLine && blanksEnd > position && !/[\n#]/.test(source[blanksEnd] ?? '\n'))
      take('indent', blanksEnd)
    else {
      line += linesIn(source.slice(position, blanksEnd))
      position = blanksEnd
    }
    const next = source[position]
    if (next === undefined) break
    if (next === '\n') {
      if (depth === 0) take('newline', position + 1)
      else position += 1
      line += 1
      startOfLine = depth === 0
      continue
    }
    // Looked for where it is needed only: to do so at each token would take the square of a long line.
    const restEnd = () => endOf(REST_OF_LINE, source, position) ?? position
    if (next === '#') {
      if (depth === 0) take('comment', restEnd())
      else position = restEnd()
    } else if (startOfLine && (next === '%' || next === '!')) take('magic', restEnd())
    else {
      const quote = endOf(QUOTE, source, position)
      if (quote !== undefined) take('string', stringEnd(source, position, quote))
      else {
        const name = endOf(NAME, source, position)
        const number = endOf(NUMBER, source, position)
        if (name !== undefined) take('name', name)
        else if (number !== undefined) take('number', number)
        else {
          if ('([{'.includes(next)) depth += 1
          if (')]}'.includes(next)) depth = Math.max(depth - 1, 0)
          take('op', endOf(OPERATOR, source, position) ?? position + 1)
        }
      }
    }
    startOfLine = false
  }
  if (depth > 0) throw new SyntaxError('a bracket has no end')
  return tokens
}

function endOf(pattern: RegExp, source: string, position: number): number | undefined {
  pattern.lastIndex = position
  return pattern.test(source) ? pattern.lastIndex : undefined
}

function linesIn(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1
  return count
}

/** Where the string ends whose opening quotes end at `from`. In `{…}` of an f-string there may be strings again. */
function stringEnd(source: string, start: number, from: number): number {
  const opening = source.slice(start, from)
  const quotes = /["']+$/.exec(opening)?.[0] ?? '"'
  const formatted = /^[rR]?[fFtT]/.test(opening)
  let braces = 0
  let at = from
  while (at < source.length) {
    const here = source[at]
    if (here === '\\') at += 2
    else if (braces === 0 && source.startsWith(quotes, at)) return at + quotes.length
    else if (here === '\n' && quotes.length === 1) break
    else if (formatted && (source.startsWith('{{', at) || source.startsWith('}}', at)) && braces === 0)
      at += 2
    else if (formatted && braces > 0 && (here === '"' || here === "'")) {
      at = stringEnd(source, at, endOf(QUOTE, source, at) ?? at + 1)
    } else {
      if (formatted && here === '{') braces += 1
      if (formatted && here === '}') braces = Math.max(braces - 1, 0)
      at += 1
    }
  }
  throw new SyntaxError('a string has no end')
}
