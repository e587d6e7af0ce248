import type { CellParameter } from './cell-parameter.ts'
import { schemaOfAnnotation, split, tokensOf } from './python-annotation.ts'
import { type Literal, pythonLiteral } from './python-literal.ts'
import { pythonTokens, type Token } from './python-tokens.ts'

interface Statement {
  readonly tokens: readonly Token[]
  /** Inside a block: not always run, or not here. */
  readonly indented: boolean
  /** The comment behind it. */
  readonly comment: string | undefined
}

/** Hard keywords that start a statement: what follows is no assignment to a parameter. */
const KEYWORDS: ReadonlySet<string> = new Set(
  'and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield'.split(
    ' ',
  ),
)
/** A title over all parameters is no description of the first. */
const HEADINGS = /^(?:%%|-+$|=+$|(?:input )?parameters?[.:]?$|inputs?[.:]?$)/i

/**
 * The variables that a cell of Python sets at its top level, in order, without those whose name starts with `_`. Of one
 * set twice the last value counts. One that any other statement mentions may have been changed by it. Throws SyntaxError where the cell is no Python.
 */
export function pythonParameters(source: string): CellParameter[] {
  const text = source.replace(/\r\n?/g, '\n')
  const tokens = pythonTokens(text)
  const above = commentLines(tokens)
  const found = new Map<string, CellParameter>()
  for (const statement of statements(tokens)) {
    const assigned = statement.indented ? undefined : assignments(statement, text, above)
    if (assigned === undefined && statement.tokens[0]?.text !== 'assert') {
      for (const { kind, text: name } of statement.tokens) {
        const known = kind === 'name' ? found.get(name) : undefined
        if (known?.source !== undefined) found.set(name, { ...known, changed: true })
      }
    }
    for (const parameter of assigned ?? []) {
      if (parameter.name.startsWith('_')) continue
      const before = found.get(parameter.name)
      const { annotated = before?.annotated, description = before?.description } = parameter
      // A declaration after an assignment sets nothing.
      const kept = parameter.source === undefined && before !== undefined ? before : parameter
      found.set(parameter.name, { ...kept, annotated, description })
    }
  }
  return [...found.values()]
}

/** Comments that have a line of their own, by line. */
function commentLines(tokens: readonly Token[]): ReadonlyMap<number, string> {
  const lines = new Map<number, string>()
  for (const [index, token] of tokens.entries()) {
    const before = tokens[index - 1]
    if (
      token.kind === 'comment' &&
      (before === undefined || before.kind === 'newline' || before.kind === 'indent')
    ) {
      lines.set(token.line, commentText(token))
    }
  }
  return lines
}

function commentText(token: Token): string {
  return token.text.replace(/^#+:?/, '').trim()
}

function statements(tokens: readonly Token[]): Statement[] {
  const found: Statement[] = []
  let current: Token[] = []
  let indented = false
  const end = (comment?: string): void => {
    if (current.length > 0) found.push({ tokens: current, indented, comment })
    current = []
  }
  for (const [index, token] of tokens.entries()) {
    if (token.kind === 'newline') {
      end()
      indented = false
    } else if (token.kind === 'indent') indented = true
    else if (token.kind === 'comment') end(commentText(token))
    else if (token.kind === 'op' && token.text === ';') {
      // `x = 1;  # what it is`: the comment is still that statement's.
      const next = tokens[index + 1]
      if (next?.kind !== 'comment') end()
    } else if (token.kind !== 'magic') current.push(token)
  }
  end()
  return found
}

/** What a statement sets; undefined where it is no plain assignment or declaration. */
function assignments(
  { tokens, comment }: Statement,
  text: string,
  above: ReadonlyMap<number, string>,
): CellParameter[] | undefined {
  const [first, second] = tokens
  if (first?.kind !== 'name' || KEYWORDS.has(first.text)) return undefined
  const parts = split(tokens, '=')
  const value = parts.length > 1 ? parts.at(-1) : undefined
  const notes = notesOf(comment, first.line, above)
  const targets = second?.text === ':' ? [[first]] : parts.slice(0, -1)
  const annotation = second?.text === ':' ? parts[0]?.slice(2) : notes.annotation
  if (second?.text === ':' ? parts.length > 2 : value === undefined) return undefined
  const annotated = annotation && schemaOfAnnotation(annotation)
  const literal = value && pythonLiteral(value)
  const found: CellParameter[] = []
  for (const target of targets) {
    const names = split(target, ',').filter((name) => name.length > 0)
    if (!names.every(isName)) return undefined
    const unpacked = split(target, ',').length > 1
    for (const [index, [name]] of names.entries()) {
      if (name === undefined) continue
      const { value: read, exact } = (unpacked ? memberOf(literal, index, names.length) : literal) ?? {}
      found.push({
        name: name.text,
        annotated: unpacked ? undefined : annotated,
        source: value && sourceOf(value, text),
        value: read,
        exact: exact ?? false,
        description: notes.description,
      })
    }
  }
  return found
}

function isName(tokens: readonly Token[]): boolean {
  const [name] = tokens
  return tokens.length === 1 && name?.kind === 'name' && !KEYWORDS.has(name.text)
}

/** The value of one name of `a, b = 1, 2`. */
function memberOf(literal: Literal | undefined, index: number, count: number): Literal | undefined {
  if (!Array.isArray(literal?.value) || literal.value.length !== count) return undefined
  const value = literal.value[index]
  // A list inside may have been a tuple: of the whole only one thing is known.
  return value === undefined ? undefined : { value, exact: !Array.isArray(value) }
}

function sourceOf(tokens: readonly Token[], text: string): string {
  return text.slice(tokens[0]?.start, tokens.at(-1)?.end)
}

/** The comment behind a statement, which may begin with `type:`, else the lines of comment right above it. */
function notesOf(
  comment: string | undefined,
  line: number,
  above: ReadonlyMap<number, string>,
): { annotation?: readonly Token[]; description?: string } {
  const [, type] = /^type:\s*((?:[^\s#[]|\[[^#]*\])+)/.exec(comment ?? '') ?? []
  const behind = type === undefined ? comment : comment?.slice(comment.indexOf(type) + type.length)
  const description = behind?.replace(/^[\s#]+/, '') || linesAbove(line, above)
  return {
    ...(type !== undefined && { annotation: tokensOf(type) }),
    ...(description !== '' && { description }),
  }
}

function linesAbove(line: number, above: ReadonlyMap<number, string>): string {
  const lines: string[] = []
  for (let at = line - 1; above.has(at); at -= 1) lines.unshift(above.get(at) ?? '')
  return lines
    .filter((text) => !HEADINGS.test(text))
    .join(' ')
    .trim()
}
