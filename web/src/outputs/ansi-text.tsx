import Anser from 'anser'
import { useMemo } from 'react'

// biome-ignore lint/complexity/useRegexLiterals: as a literal its control characters are hard to see.
const OTHER_ESCAPES = new RegExp(
  '\u001b\\[[0-9;?]*[ -/]*[@-ln-~]|\u001b\\][^\u0007\u001b]*(?:\u0007|\u001b\\\\)',
  'g',
)

/** Text of a terminal, with its colours: those of the page, which can be read on it, nearest to the ones that are asked for. */
export function AnsiText({ text }: { readonly text: string }) {
  const pieces = useMemo(() => piecesOf(text), [text])
  if (typeof pieces === 'string') return pieces
  return pieces.map(({ content, className }, index) =>
    className === '' ? (
      content
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: pieces of a text have no other name than their place.
      <span key={index} className={className}>
        {content}
      </span>
    ),
  )
}

function piecesOf(text: string): string | readonly { content: string; className: string }[] {
  if (!text.includes('\u001b')) return text
  const entries = Anser.ansiToJson(text.replace(OTHER_ESCAPES, ''), {
    json: true,
    remove_empty: true,
    use_classes: true,
  })
  return entries.map(({ content, fg, bg, fg_truecolor, bg_truecolor, decorations }) => ({
    content,
    className: [
      ...colour('ansi', fg, fg_truecolor),
      ...colour('ansi-on', bg, bg_truecolor),
      ...decorations
        .filter((one) => one === 'bold' || one === 'italic' || one === 'underline')
        .map((one) => `ansi-${one}`),
    ].join(' '),
  }))
}

/** A class for one of the eight colours of a terminal, for whatever colour. */
function colour(prefix: string, name: string | null, truecolour: string | null): readonly string[] {
  if (name === null || name === '') return []
  const named = /^ansi-(?:bright-)?(black|red|green|yellow|blue|magenta|cyan|white)$/.exec(name)?.[1]
  if (named !== undefined) return [`${prefix}-${named}`]
  const index = /^ansi-palette-(\d+)$/.exec(name)?.[1]
  const [red = 0, green = 0, blue = 0] =
    index === undefined ? (truecolour ?? '').split(',').map(Number) : paletteColour(Number(index))
  return [`${prefix}-${nearest(red, green, blue)}`]
}

/** Of the 216 colours and 24 greys of a terminal with 256 colours. */
function paletteColour(index: number): readonly number[] {
  if (index >= 232) return Array(3).fill((index - 232) * 10 + 8)
  const level = (step: number) => (step % 6 === 0 ? 0 : (step % 6) * 40 + 55)
  const cube = index - 16
  return [Math.floor(cube / 36), Math.floor(cube / 6), cube].map(level)
}

const HUES = ['red', 'yellow', 'green', 'cyan', 'blue', 'magenta'] as const

function nearest(red: number, green: number, blue: number): string {
  const [most, least] = [Math.max(red, green, blue), Math.min(red, green, blue)]
  const spread = most - least
  if (spread < 40) return most < 90 ? 'black' : 'white'
  const sixth =
    most === red
      ? (green - blue) / spread
      : most === green
        ? (blue - red) / spread + 2
        : (red - green) / spread + 4
  return HUES[(Math.round(sixth) + 6) % 6] ?? 'white'
}
