import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  isObject,
  JsonNumber,
  type JsonValue,
  parseJson,
  pythonFloat,
  pythonJson,
} from '../../src/notebook/json.ts'
import { command, type Interpreter, inFolder, type Missing, type Outcome } from './interpreter.ts'
import { type Shown, textOf } from './shown.ts'

/** Each cell leaves `s`, or `l` and its length, and then the strings, all ended by NUL, which no string can hold. */
const program = (folder: string, count: number) => `
for ((number = 0; number < ${count}; number++)); do
  unset x
  source "${folder}/cell-$number" 2>"${folder}/error" || true
  if [ -s "${folder}/error" ]; then printf '!\\0%s\\0' "$(cat "${folder}/error")"
  elif [[ "$(declare -p x 2>/dev/null)" == "declare -a"* ]]; then
    printf 'l\\0%s\\0' "\${#x[@]}"
    for member in "\${x[@]}"; do printf '%s\\0' "$member"; done
  else printf 's\\0%s\\0' "$x"; fi
done
`

export async function bash(): Promise<Interpreter | Missing> {
  const version = await command('bash', ['-c', 'echo "$BASH_VERSION"'])
  if (version.code !== 0) return { missing: 'bash' }
  return {
    name: `bash ${version.stdout.trim()}`,
    isSame,
    run: (cells) =>
      inFolder(async (folder) => {
        await Promise.all(cells.map((cell, at) => writeFile(join(folder, `cell-${at}`), cell)))
        await writeFile(join(folder, 'all.sh'), program(folder, cells.length))
        const { stdout } = await command('bash', ['--norc', join(folder, 'all.sh')], folder)
        return read(stdout.split('\0'), cells.length)
      }),
  }
}

function read(words: readonly string[], count: number): Outcome[] {
  let at = 0
  const next = () => words[at++] ?? ''
  const string = () => ({ b: Buffer.from(next()).toString('hex') })
  return Array.from({ length: count }, () => {
    const kind = next()
    if (kind === 's') return { shown: string() }
    if (kind === 'l') return { shown: { l: Array.from({ length: Number(next()) }, string) } }
    return { error: next() || 'it printed nothing' }
  })
}

/** Bash has strings and flat arrays of strings: the rest is text, of lists and objects that of JSON. */
function isSame(value: JsonValue, shown: Shown): boolean {
  if (!Array.isArray(value)) return isText(value, shown)
  if (shown === null || typeof shown === 'boolean' || !('l' in shown)) return false
  return shown.l.length === value.length && value.every((member, at) => isText(member, shown.l[at] ?? null))
}

function isText(value: JsonValue, shown: Shown): boolean {
  const text = textOf(shown)
  if (text === undefined) return false
  if (Array.isArray(value) || isObject(value)) {
    return !/[\0-\x1f]/.test(text) && pythonJson(parseJson(text)) === pythonJson(value)
  }
  if (value instanceof JsonNumber) return text === numberText(value.raw)
  return text === (value === null ? '' : String(value))
}

function numberText(raw: string): string {
  if (/^-?\d+$/.test(raw)) return String(BigInt(raw))
  const named = new Map([
    ['NaN', 'nan'],
    ['Infinity', 'inf'],
    ['-Infinity', '-inf'],
  ])
  return named.get(raw) ?? pythonFloat(Number(raw))
}
