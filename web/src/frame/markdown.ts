import katex from 'katex'
import { Marked, type TokenizerAndRendererExtension } from 'marked'

/**
 * Formulas between the signs that notebooks use: `$…$`, `$$…$$`, `\(…\)`, `\[…\]`, and LaTeX environments. They are
 * taken out before Markdown sees its own signs in them.
 */
const BLOCK = /^(?:\$\$([\s\S]+?)\$\$|\\\[([\s\S]+?)\\\]|(\\begin\{([a-z]+\*?)\}[\s\S]+?\\end\{\4\}))/
const INLINE = /^(?:\$\$([\s\S]+?)\$\$|\$(?!\s)((?:\\.|[^$\\\n])+?)(?<!\s)\$(?!\d)|\\\(([\s\S]+?)\\\))/

const blockFormula: TokenizerAndRendererExtension = {
  name: 'block-formula',
  level: 'block',
  start: (text) => text.match(/\$\$|\\\[|\\begin\{/)?.index,
  tokenizer(text) {
    const match = BLOCK.exec(text)
    return match === null
      ? undefined
      : { type: 'block-formula', raw: match[0], text: match[1] ?? match[2] ?? match[3] ?? '' }
  },
  renderer: ({ text }) => `<p>${formula(text, true)}</p>`,
}

const inlineFormula: TokenizerAndRendererExtension = {
  name: 'inline-formula',
  level: 'inline',
  start: (text) => text.match(/\$|\\\(/)?.index,
  tokenizer(text) {
    const match = INLINE.exec(text)
    if (match === null) return undefined
    const shown = match[1] !== undefined
    return { type: 'inline-formula', raw: match[0], text: match[1] ?? match[2] ?? match[3] ?? '', shown }
  },
  renderer: ({ text, ['shown']: shown }) => formula(text, shown === true),
}

const marked = new Marked({ gfm: true, async: false, extensions: [blockFormula, inlineFormula] })

/** Not clean yet: Markdown may hold any HTML. */
export function markdownHtml(text: string): string {
  const html = marked.parse(text)
  return typeof html === 'string' ? html : ''
}

/** Text with formulas, as `text/latex` of an output has them. Not clean yet. */
export function latexHtml(text: string): string {
  const trimmed = text.trim()
  const match = BLOCK.exec(trimmed)
  if (match?.[0].length === trimmed.length) return formula(match[1] ?? match[2] ?? match[3] ?? '', true)
  return markdownHtml(trimmed)
}

/** As MathML, which browsers set by themselves: it needs neither styles nor fonts. */
function formula(text: string, displayMode: boolean): string {
  return katex.renderToString(text, { displayMode, output: 'mathml', throwOnError: false, trust: false })
}
