import { readFileSync } from 'node:fs'
import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Batch, inBatches } from './compiled.ts'
import { type Interpreter, inFolder, type Missing, npm, type Outcome } from './interpreter.ts'
import { type Shown, same } from './shown.ts'

/** What is used of fable-standalone: the F# compiler's own front end, and Fable's writer of JavaScript. */
interface Compiler {
  readonly Version: string
  CreateChecker(references: string[], read: (name: string) => Uint8Array, options: string[]): object
  ParseAndCheckFileInProject(
    ...args: [
      checker: object,
      file: string,
      project: string,
      files: string[],
      sources: string[],
      options: string[],
    ]
  ): object
  GetErrors(results: object): { readonly IsWarning: boolean; readonly Message: string }[]
  CompileToTargetAst(library: string, results: object, file: string, typed: boolean, language: string): object
  PrintTargetAst(ast: object, writer: object): (context: object) => void
}

declare global {
  var __FABLE_STANDALONE__: { init(): Compiler } | undefined
}

const SYSTEM =
  'mscorlib netstandard System System.Collections System.Collections.Concurrent System.ComponentModel ' +
  'System.ComponentModel.Primitives System.ComponentModel.TypeConverter System.Console System.Core System.Diagnostics.Debug ' +
  'System.Diagnostics.Tools System.Diagnostics.Tracing System.Globalization System.IO System.Net.Requests ' +
  'System.Net.WebClient System.Numerics System.Reflection System.Reflection.Extensions System.Reflection.Metadata ' +
  'System.Reflection.Primitives System.Reflection.TypeExtensions System.Runtime System.Runtime.Extensions ' +
  'System.Runtime.Numerics System.Runtime.InteropServices System.Text.Encoding System.Text.Encoding.Extensions ' +
  'System.Text.RegularExpressions System.Threading System.Threading.Tasks System.Threading.Thread System.ValueTuple'

/** The F# compiler as npm has it: its own parser and type checker, with Fable's JavaScript to run. */
export async function fsharp(): Promise<Interpreter | Missing> {
  const modules = await npm('fsharp', 'fable-standalone@3.8.0', 'fable-metadata@2.2.0')
  if (typeof modules !== 'string') return modules
  await import(pathToFileURL(join(modules, 'fable-standalone/dist/bundle.min.js')).href)
  const compiler = globalThis.__FABLE_STANDALONE__?.init()
  if (!compiler) return { missing: 'a fable-standalone of the known form' }
  const read = (name: string) =>
    readFileSync(join(modules, 'fable-metadata/lib', `${name.replace(/\.dll$/, '')}.dll`))
  const checker = compiler.CreateChecker(['Fable.Core', 'FSharp.Core', ...SYSTEM.split(' ')], read, [])

  async function compile(cells: readonly string[]): Promise<Batch> {
    const modulesOf = cells.map((cell, at) => `module C${at} =\n${cell.replace(/^/gm, '    ')}`)
    const source = `module Cells\nopen System\n${modulesOf.join('\n')}\n`
    const results = compiler?.ParseAndCheckFileInProject(
      checker,
      'Cells.fs',
      'P.fsproj',
      ['Cells.fs'],
      [source],
      [],
    )
    if (!compiler || !results) return { error: 'no compiler' }
    const error = compiler.GetErrors(results).find((found) => !found.IsWarning)
    if (error) return { error: error.Message.slice(0, 400) }
    return runJavaScript(
      print(compiler, results),
      cells.length,
      join(modules.toString(), 'fable-standalone/dist/fable-library'),
    )
  }

  return {
    name: `F# (fable-standalone ${compiler.Version})`,
    // In JavaScript int and float are one; and Fable writes the constant -0.0 as 0.
    isSame: same({ onlyFloats: true }),
    canJudge: (literal) => !/-0\.0\b/.test(literal),
    run: (cells) => inBatches(cells, compile),
  }
}

function print(compiler: Compiler, results: object): string {
  let script = ''
  const writer = {
    AddSourceMapping: () => undefined,
    MakeImportPath: (path: string) => path,
    Write: (text: string) => (context: { onSuccess(value: undefined): void }) => {
      script += text
      context.onSuccess(undefined)
    },
    Dispose: () => undefined,
  }
  const ast = compiler.CompileToTargetAst('./fable-library', results, 'Cells.fs', false, 'JavaScript')
  compiler.PrintTargetAst(
    ast,
    writer,
  )({
    onSuccess: () => undefined,
    onError: (error: unknown) => {
      throw error
    },
    cancelToken: { isCancelled: false },
    trampoline: { incrementAndCheck: () => false },
  })
  return script
}

function runJavaScript(script: string, count: number, library: string): Promise<Outcome[]> {
  return inFolder(async (folder) => {
    await cp(library, join(folder, 'fable-library'), { recursive: true })
    await writeFile(join(folder, 'package.json'), '{"type":"module"}')
    // UTF-8 has no bytes for half of a surrogate pair.
    const escaped = script.replace(/\p{Cs}/gu, (half) => `\\u${half.charCodeAt(0).toString(16)}`)
    await writeFile(join(folder, 'cells.js'), escaped)
    const cells: Record<string, unknown> = await import(pathToFileURL(join(folder, 'cells.js')).href)
    const map = await import(pathToFileURL(join(folder, 'fable-library/Map.js')).href)
    return Array.from({ length: count }, (_, at) => {
      const value = cells[`C${at}_x`]
      // A value of a generic type is a function of its types.
      return { shown: show(typeof value === 'function' ? value() : value, map.FSharpMap) }
    })
  })
}

function show(value: unknown, mapType: new () => object): Shown {
  if (value === undefined || value === null) return null
  if (typeof value === 'boolean') return value
  if (typeof value === 'bigint') return { i: String(value) }
  if (typeof value === 'string') {
    const units = Array.from({ length: value.length }, (_, at) => value.charCodeAt(at))
    return { s: units.map((unit) => unit.toString(16).padStart(4, '0')).join('') }
  }
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(8)
    bytes.writeDoubleBE(value)
    return { f: bytes.toString('hex') }
  }
  if (!isIterable(value)) throw new Error(`Fable made a ${typeof value}.`)
  if (!(value instanceof mapType)) return { l: [...value].map((member) => show(member, mapType)) }
  return { d: [...value].map((pair) => showPair(pair, mapType)) }
}

function showPair(pair: unknown, mapType: new () => object): readonly [Shown, Shown] {
  if (!Array.isArray(pair)) throw new Error('A map has pairs.')
  return [show(pair[0], mapType), show(pair[1], mapType)]
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value
}
