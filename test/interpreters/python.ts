import { join } from 'node:path'
import { command, type Interpreter, type Missing, outcomes, root } from './interpreter.ts'
import { parseShown, same } from './shown.ts'

const program = `
import json, struct, sys
def text(s):
    return {"s": s.encode("utf-16-be", "surrogatepass").hex()}
def show(v):
    if v is None or isinstance(v, bool):
        return v
    if isinstance(v, int):
        return {"i": str(v)}
    if isinstance(v, float):
        return {"f": struct.pack(">d", v).hex()}
    if isinstance(v, str):
        return text(v)
    if isinstance(v, list):
        return {"l": [show(w) for w in v]}
    return {"d": [[text(k), show(w)] for k, w in v.items()]}
for cell in json.load(sys.stdin):
    scope = {}
    try:
        exec(cell, scope)
        print(json.dumps(show(scope["x"])))
    except Exception as error:
        print("!" + repr(error))
`

/** The Python of the test environment. */
export async function python(): Promise<Interpreter | Missing> {
  const executable = join(root, '.venv-oracle/bin/python')
  const version = await command(executable, ['--version'])
  if (version.code !== 0) return { missing: 'the test environment (.venv-oracle), which "npm test" makes' }
  return {
    name: version.stdout.trim(),
    isSame: same({}),
    async run(cells) {
      const { stdout } = await command(executable, ['-c', program], root, JSON.stringify(cells))
      return outcomes(stdout, parseShown, cells.length)
    },
  }
}
