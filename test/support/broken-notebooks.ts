import { utf8 } from './prepare.ts'

export interface BrokenNotebook {
  readonly name: string
  readonly notebook: Uint8Array
  /** What the person is told. */
  readonly message: string
}

function notebookOf(cell: unknown, minor = 5): string {
  return JSON.stringify({ cells: [codeCell, cell], metadata: {}, nbformat: 4, nbformat_minor: minor })
}
const codeCell = { cell_type: 'code', id: 'a', metadata: {}, source: '', outputs: [], execution_count: null }
const outputs = (...list: readonly unknown[]) => notebookOf({ ...codeCell, id: 'b', outputs: list })
const broken = (name: string, text: string, message: string) => ({ name, notebook: utf8(text), message })

/** Every way in which a file is no notebook that papermill refuses or crashes on, too. */
export const refusedByBoth: readonly BrokenNotebook[] = [
  broken('empty', ' \n', 'The notebook is empty.'),
  broken('cut off', '{"cells": [', 'The notebook is not JSON: A value is expected at line 1, column 12.'),
  broken('a web page', '\n<html>', 'The notebook is not JSON: A value is expected at line 2, column 1.'),
  broken(
    'more after it',
    '{}\n{}',
    'The notebook is not JSON: Nothing may follow the value at line 2, column 1.',
  ),
  broken('a list', '[]', 'The file is JSON but not a notebook: it is not an object.'),
  {
    name: 'not UTF-8',
    notebook: Uint8Array.of(0x7b, 0xff, 0x7d),
    message: 'The notebook is not UTF-8 text. Save it in Jupyter, which writes UTF-8.',
  },
  broken(
    'with a byte order mark',
    `\ufeff${notebookOf(codeCell)}`,
    'The notebook starts with a byte order mark, which JSON does not allow. Save it without one.',
  ),
  broken(
    'nested too deep',
    `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
    'The notebook is not JSON: Nothing may be nested deeper than 400 levels at line 1, column 401.',
  ),
  broken(
    'of format 5',
    '{"cells": [], "metadata": {}, "nbformat": 5, "nbformat_minor": 0}',
    'The notebook has format 5; only format 4 is known here.',
  ),
  broken(
    'of a format that is no number',
    '{"cells": [], "metadata": {}, "nbformat": "4", "nbformat_minor": 0}',
    'The notebook\'s "nbformat" is not a whole number.',
  ),
  broken(
    'without a minor format',
    '{"cells": [], "metadata": {}, "nbformat": 4}',
    'The notebook\'s "nbformat_minor" is missing or not a whole number.',
  ),
  broken(
    'of a minor format that is not whole',
    '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5.0}',
    'The notebook\'s "nbformat_minor" is missing or not a whole number.',
  ),
  broken(
    'without metadata',
    '{"cells": [], "nbformat": 4, "nbformat_minor": 5}',
    'The notebook has no object as its "metadata".',
  ),
  broken(
    'without cells',
    '{"metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
    'The notebook has no list of "cells".',
  ),
  broken(
    'whose papermill metadata is no object',
    '{"cells": [], "metadata": {"papermill": 1}, "nbformat": 4, "nbformat_minor": 5}',
    'The notebook has no object as its "metadata.papermill".',
  ),
  broken('with a cell that is text', notebookOf('x'), 'Cell 2 of the notebook is not a JSON object.'),
  broken(
    'with a cell of no type',
    notebookOf({ ...codeCell, cell_type: undefined }),
    'Cell 2 of the notebook has no text as its "cell_type".',
  ),
  broken(
    'with a type that is no text',
    notebookOf({ ...codeCell, cell_type: 1, id: 'b' }),
    'Cell 2 of the notebook has no text as its "cell_type".',
  ),
  broken(
    'with a cell without metadata',
    notebookOf({ ...codeCell, metadata: undefined }),
    'Cell 2 of the notebook has no object as its "metadata".',
  ),
  broken(
    'with a source of numbers',
    notebookOf({ ...codeCell, source: ['a', 1] }),
    'Cell 2 of the notebook has a "source" that is neither text nor a list of lines.',
  ),
  broken(
    'with a list of attachments',
    notebookOf({ ...codeCell, cell_type: 'markdown', attachments: [] }),
    'Cell 2 of the notebook has "attachments" that are not an object of objects.',
  ),
  broken(
    'with an attachment that is text',
    notebookOf({ ...codeCell, cell_type: 'markdown', attachments: { a: 'x' } }),
    'Cell 2 of the notebook has "attachments" that are not an object of objects.',
  ),
  broken(
    'with an id that is a list',
    notebookOf({ ...codeCell, id: [] }),
    'Cell 2 of the notebook has an "id" that is not text.',
  ),
  broken(
    'with a code cell without outputs',
    notebookOf({ ...codeCell, outputs: undefined }),
    'Cell 2 of the notebook is a code cell without a list of "outputs".',
  ),
  broken(
    'with an output that is text',
    outputs('x'),
    'Cell 2 of the notebook has an output (number 1) that is not a JSON object.',
  ),
  broken(
    'with an output of no type',
    outputs({ output_type: 'unknown' }, {}),
    'Cell 2 of the notebook has an output (number 2) that has no text as its "output_type".',
  ),
  broken(
    'with a stream without text',
    outputs({ output_type: 'stream', name: 'stdout' }),
    'Cell 2 of the notebook has an output (number 1) that has no text.',
  ),
  broken(
    'with a display of a list',
    outputs({ output_type: 'display_data', data: [], metadata: {} }),
    'Cell 2 of the notebook has an output (number 1) that has no object as its "data".',
  ),
]

/** What papermill writes out again, as broken as it was. */
export const refusedByUs: readonly BrokenNotebook[] = [
  broken(
    'with a source that is a number',
    notebookOf({ ...codeCell, source: 1, id: 'b' }),
    'Cell 2 of the notebook has a "source" that is neither text nor a list of lines.',
  ),
  broken(
    'with an id that is a number',
    notebookOf({ ...codeCell, id: 1 }),
    'Cell 2 of the notebook has an "id" that is not text.',
  ),
  broken(
    'with a stream of a number',
    outputs({ output_type: 'stream', name: 'stdout', text: 1 }),
    'Cell 2 of the notebook has an output (number 1) that has no text.',
  ),
]
