/** Columns two blanks apart, each as wide as its widest text; no line has trailing blanks. */
export function textTable(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const all = [head, ...rows].map((row) => row.map(oneLine))
  const widths = head.map((_, column) => Math.max(...all.map((row) => widthOf(row[column] ?? ''))))
  return all
    .map((row) =>
      row.map((text, column) => text + ' '.repeat((widths[column] ?? 0) - widthOf(text))).join('  '),
    )
    .map((line) => `${line.trimEnd()}\n`)
    .join('')
}

/** What comes from a notebook or a catalogue must not steer the terminal. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ')
}

function widthOf(text: string): number {
  return [...text].length
}
