import { notebookOf } from '../test/support/notebook-folder.ts'

/** Cells with next to nothing in them and a result each, as those of bench/reference/bare_kernel.py. */
export const trivialNotebook = (cells: number): string =>
  notebookOf(Array.from({ length: cells }, (_, cell) => `value = ${cell}\nvalue`))
