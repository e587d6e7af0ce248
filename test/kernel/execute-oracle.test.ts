import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isObject, parseJson } from '../../src/notebook/json.ts'
import {
  type CellGiven,
  type Executed,
  executeOn,
  newNotebook,
  preparedText,
  textOf,
} from '../support/executed.ts'
import { startKernels, type TestKernels } from '../support/kernels.ts'
import { PapermillRun } from '../support/papermill-run.ts'

let kernels: TestKernels
let papermill: PapermillRun
beforeAll(async () => {
  kernels = await startKernels()
  papermill = new PapermillRun(kernels.jupyterPath)
})
afterAll(async () => {
  await papermill[Symbol.asyncDispose]()
  await kernels[Symbol.asyncDispose]()
})

type Cells = readonly (string | CellGiven)[]

/** Every time, length of time, id and address that differs from run to run, by one word each. */
function masked(text: string): string {
  return text
    .replaceAll(/"\d{4}-\d\d-\d\dT[^"]*"/g, '"TIME"')
    .replaceAll(/"duration": [\d.e-]+/g, '"duration": SECONDS')
    .replaceAll(/"id": "[0-9a-f]{8}"/g, '"id": "NEW"')
    .replaceAll(/0x[0-9a-f]{8,}/g, '0xADDRESS')
    .replaceAll(/ipykernel_\d+\/\d+/g, 'FILE')
}

async function both(cells: Cells, kernelName = 'oracle') {
  const text = preparedText(cells)
  const theirs = await papermill.execute(text, kernelName, {})
  const ours = await executeOn(kernels, text, { kernelName })
  return { theirs, ours }
}

const notebooks: Readonly<Record<string, Cells>> = {
  'prints, shows, and counts': [
    'print("a")\nprint("b")\n1 + 1',
    { type: 'markdown', source: '# Title' },
    'import sys\nprint("err", file=sys.stderr)',
    '{"a": [1.0, 1e-7, 12345678901234567890]}',
    { type: 'raw', source: 'raw' },
  ],
  'blank and skipped cells': ['  \n', { source: 'print(1)', tags: ['skip-execution'] }, '2', ''],
  'an error ends it': [
    'a = 1',
    { type: 'markdown', source: 'm' },
    'print("x")\n1 / 0',
    'print("never")',
    { type: 'markdown', source: 'end' },
  ],
  'rich outputs': [
    'from IPython.display import display, HTML, JSON, SVG, Javascript\ndisplay(HTML("<b>x</b>\\n<i>y</i>"), JSON({"a": 1.0}))\ndisplay(Javascript("a\\nb"), {"text/plain": "p", "image/png": "AAAA"}, raw=True) if False else None',
    'display({"text/plain": "p\\nq", "image/png": "AAAA\\nBBBB", "application/json": [1.0, {"b": None}]}, raw=True, metadata={"k": 1})',
  ],
  'display ids across cells': [
    'h = display(1, display_id="one")\nh2 = display("two", display_id=True)',
    'h.update(2)\nprint("between")\nh2.update("zwei")',
    'from IPython.display import update_display\nupdate_display("three", display_id="one")\ndisplay("again", display_id="one")',
    'h.update("all")\nupdate_display("nobody", display_id="unknown")',
  ],
  clear_output: [
    'from IPython.display import clear_output\nprint("gone")\nclear_output()\nprint("kept")',
    'print("gone")\nclear_output(wait=True)\ndisplay("kept")',
    'print("kept")\nclear_output(wait=True)',
    'd = display("x", display_id="d")\nclear_output()\nd.update("y")\ndisplay("z", display_id="d")',
    'd.update("w")',
  ],
  'streams as a terminal': [
    'print("10%\\r20%\\r30%")\nprint("a\\r\\nb\\rc", end="\\r")',
    'print("ab\\b\\bcd\\n\\nx\\b")',
    'import sys, time\nfor i in range(5):\n    print(f"\\r{i}", end="", flush=True)\n    time.sleep(0.02)',
    'print("é😀\\b!")',
  ],
  widgets: [
    'from comm import create_comm\nw = create_comm(target_name="jupyter.widget", comm_id="m1", data={"state": {"_model_module": "m", "_model_name": "N", "_model_module_version": "1.0", "value": 1.0, "b": None}, "buffer_paths": [["b"]]}, buffers=[b"\\x00\\x01"])',
    'w.send({"method": "update", "state": {"value": 2}, "buffer_paths": []})\nw.send({"method": "custom", "content": 1})',
  ],
  'an Output widget takes the output': [
    'from comm import create_comm\nip = get_ipython()\no = create_comm(target_name="jupyter.widget", comm_id="o1", data={"state": {"_model_module": "@jupyter-widgets/output", "_model_name": "OutputModel", "_model_module_version": "1.0", "msg_id": "", "outputs": []}, "buffer_paths": []})',
    'o.send({"method": "update", "state": {"msg_id": ip.kernel.get_parent()["header"]["msg_id"]}, "buffer_paths": []})\nprint("in it", flush=True)\ndisplay(1)\no.send({"method": "update", "state": {"msg_id": ""}, "buffer_paths": []})\nprint("beside it")',
  ],
  'no input': ['x = 1', 'input("name? ")', 'print("never")'],
  'a syntax error': ['def f(:\n  pass', '1'],
  'an interrupt from within': ['raise KeyboardInterrupt', '1'],
}

describe('an executed notebook', { timeout: 180_000 }, () => {
  it.each(Object.entries(notebooks))('%s: is byte for byte what papermill writes', async (_, cells) => {
    const { theirs, ours } = await both(cells)
    expect(masked(ours.text)).toBe(masked(theirs.output))
    expect(ours.result.state).toBe(theirs.error === null ? 'succeeded' : 'failed')
  })

  it('of bash is byte for byte what papermill writes', async () => {
    const { theirs, ours } = await both(['x=5', 'echo $x\necho err >&2', '', 'false', 'echo never'], 'bash')
    expect(masked(ours.text)).toBe(masked(theirs.output))
    expect(ours.result.state).toBe(theirs.error === null ? 'succeeded' : 'failed')
  })

  it('is what papermill writes, whatever its cells do in whatever order', { timeout: 300_000 }, async () => {
    const same = async (cells: Cells) => {
      const { theirs, ours } = await both([SETUP, ...cells])
      expect(masked(ours.text)).toBe(masked(theirs.output))
      expect(ours.result.state).toBe(theirs.error === null ? 'succeeded' : 'failed')
      // What a watcher makes of the changes is what the file has.
      const replayed = replay(preparedText([SETUP, ...cells]), ours)
      expect(masked(replayed)).toBe(masked(ours.text))
    }
    const cell = fc.oneof(
      { weight: 8, arbitrary: statements.map((lines) => lines.join('\n')) },
      { weight: 1, arbitrary: fc.constantFrom('1 / 0', 'input()', '   ') },
      { weight: 1, arbitrary: fc.constant<CellGiven>({ source: 'print(1)', tags: ['skip-execution'] }) },
      { weight: 1, arbitrary: fc.constant<CellGiven>({ source: '# M', type: 'markdown' }) },
    )
    await fc.assert(fc.asyncProperty(fc.array(cell, { minLength: 3, maxLength: 10 }), same), { numRuns: 8 })
  })
})

const SETUP = `import sys
from IPython.display import clear_output, display, update_display
from comm import create_comm
w = create_comm(target_name="jupyter.widget", comm_id="w", data={"state": {"_model_name": "N", "_model_module": "m", "value": 0}})`

const statements = fc.array(
  fc.constantFrom(
    'print("a\\rb", end="")',
    'print("c\\b")',
    'print("line")',
    'sys.stdout.flush()',
    'display("d")',
    'display("one", display_id="one")',
    'display("two", display_id="two")',
    'update_display("new one", display_id="one")',
    'update_display({"text/plain": "raw"}, display_id="two", raw=True, metadata={"k": [1.0]})',
    'clear_output()',
    'clear_output(wait=True)',
    'w.send({"state": {"value": 1.5, "list": [None, True]}})',
    'w.send({"custom": 1})',
    '[1.0, 2]',
    '"text"',
  ),
  { maxLength: 5 },
)

/** The file, made of nothing but what the sink was told. */
function replay(prepared: string, { told, text }: Executed): string {
  const notebook = newNotebook(prepared)
  let failedCell: number | undefined
  for (const one of told) {
    if (one.told === 'started') notebook.cellStarted(one.cell, one.at)
    if (one.told === 'change') notebook.apply(one.cell, one.change)
    if (one.told !== 'finished') continue
    notebook.cellFinished(one.cell, one.end)
    if (one.end.status === 'failed') failedCell = one.cell
  }
  const document = parseJson(text)
  const metadata = isObject(document) ? document.get('metadata') : undefined
  // Of the kernel, not of the sink.
  if (isObject(metadata)) notebook.kernelInfo(metadata)
  const end = { at: new Date(), exception: failedCell !== undefined }
  notebook.finished(failedCell === undefined ? end : { ...end, failedCell })
  return textOf(notebook)
}
