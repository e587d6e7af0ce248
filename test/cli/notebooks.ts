/** Notebooks of format 4.5 for the command line to read. */
export interface NotebookParts {
  readonly parameters?: string
  readonly injected?: string
  readonly kernelName?: string
  readonly language?: string
  readonly minor?: number
}

export function notebookText(parts: NotebookParts = {}): string {
  const { parameters, injected, kernelName = 'python3', language = 'python', minor = 5 } = parts
  const cells = [
    { cell_type: 'markdown', id: 'heading', metadata: {}, source: ['# Déjà vu\n', 'text'] },
    ...(parameters === undefined ? [] : [code('cell-parameters', parameters, ['parameters'])]),
    ...(injected === undefined ? [] : [code('cell-injected', injected, ['injected-parameters'])]),
    { ...code('cell-code', 'print(1)'), outputs: [{ output_type: 'stream', name: 'stdout', text: ['1\n'] }] },
  ].map(({ id, ...cell }) => (minor < 5 ? cell : { ...cell, id }))
  const kernelspec = { name: kernelName, display_name: kernelName, language }
  return JSON.stringify({
    cells,
    metadata: { kernelspec, language_info: { name: language } },
    nbformat: 4,
    nbformat_minor: minor,
  })
}

function code(id: string, source: string, tags: readonly string[] = []) {
  return { cell_type: 'code', execution_count: null, id, metadata: { tags }, outputs: [], source }
}
