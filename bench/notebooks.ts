const code = (id: string, source: string, tags: readonly string[] = []) => ({
  cell_type: 'code',
  id,
  metadata: { tags },
  outputs: [],
  execution_count: null,
  source,
})

/** A notebook in Python with these sources as its cells. */
export const notebookOf = (sources: readonly string[]): string =>
  JSON.stringify({
    cells: sources.map((source, index) => code(`c${index}`, source)),
    metadata: {
      kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' },
      language_info: { name: 'python' },
    },
    nbformat: 4,
    nbformat_minor: 5,
  })

/** Cells with next to nothing in them and a result each, as those of bench/reference/bare_kernel.py. */
export const trivialNotebook = (cells: number): string =>
  notebookOf(Array.from({ length: cells }, (_, cell) => `value = ${cell}\nvalue`))
