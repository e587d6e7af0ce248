/** A small Python notebook: Markdown cells as given, one cell tagged `parameters`, and what else is asked for. */
export function notebook(
  parameters = 'a = 1',
  more: { readonly markdown?: readonly string[]; readonly output?: string; readonly cells?: number } = {},
): Uint8Array<ArrayBuffer> {
  const markdown = (more.markdown ?? []).map((source, index) => ({
    cell_type: 'markdown',
    id: `m${index}`,
    metadata: {},
    source,
  }))
  const code = (id: string, source: string, tags: readonly string[] = [], text?: string) => ({
    cell_type: 'code',
    execution_count: null,
    id,
    metadata: { tags },
    outputs: text === undefined ? [] : [{ name: 'stdout', output_type: 'stream', text }],
    source,
  })
  const cells = [
    ...markdown,
    code('parameters', parameters, ['parameters']),
    ...Array.from({ length: more.cells ?? 1 }, (_, index) =>
      code(`c${index}`, `print(${index})`, [], more.output),
    ),
  ]
  const kernelspec = { display_name: 'Python 3', language: 'python', name: 'python3' }
  return new TextEncoder().encode(
    JSON.stringify({
      cells,
      metadata: { kernelspec, language_info: { name: 'python' } },
      nbformat: 4,
      nbformat_minor: 5,
    }),
  )
}
