import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Batch, inBatches } from './compiled.ts'
import { command, debian, type Interpreter, inFolder, type Missing, outcomes } from './interpreter.ts'
import { parseShown, same } from './shown.ts'

const program = (cells: readonly string[]) => `
using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
public static class Cells {
  static string Show(object v) {
    if (v == null) return "null";
    if (v is bool) return (bool)v ? "true" : "false";
    if (v is int || v is long || v is System.Numerics.BigInteger) return "{\\"i\\":\\"" + v + "\\"}";
    if (v is double) return "{\\"f\\":\\"" + BitConverter.DoubleToInt64Bits((double)v).ToString("x16") + "\\"}";
    if (v is string) return "{\\"s\\":\\"" + string.Concat(((string)v).Select(c => ((int)c).ToString("x4"))) + "\\"}";
    var d = v as Dictionary<string, object>;
    if (d != null) return "{\\"d\\":[" + string.Join(",", d.Select(p => "[" + Show(p.Key) + "," + Show(p.Value) + "]")) + "]}";
    var a = v as Array;
    if (a != null) return "{\\"l\\":[" + string.Join(",", a.Cast<object>().Select(Show)) + "]}";
    return "!" + v.GetType();
  }
${cells.map((cell, at) => `  static object C${at}() {\n${cell}\n    return x;\n  }`).join('\n')}
  public static void Main() {
${cells.map((_, at) => `    Console.WriteLine(Show(C${at}()));`).join('\n')}
  }
}
`

/** Mono's C# compiler and runtime, from Debian. */
export async function csharp(): Promise<Interpreter | Missing> {
  const missing = await debian('mcs', 'mono-mcs')
  if (missing) return missing
  const version = (await command('mcs', ['--version'])).stdout.replace(/[^\d.]+/g, '')

  async function compile(cells: readonly string[]): Promise<Batch> {
    return inFolder(async (folder) => {
      await writeFile(join(folder, 'Cells.cs'), program(cells))
      const out = join(folder, 'Cells.exe')
      const built = await command('mcs', [
        '-codepage:utf8',
        '-r:System.Numerics',
        `-out:${out}`,
        join(folder, 'Cells.cs'),
      ])
      if (built.code !== 0) return { error: `${built.stdout}${built.stderr}`.slice(0, 400) }
      const ran = await command('mono', [out])
      return ran.code === 0
        ? outcomes(ran.stdout, parseShown, cells.length)
        : { error: ran.stderr.slice(0, 400) }
    })
  }
  return {
    name: `Mono C# ${version}`,
    isSame: same({ widens: true }),
    // Mono writes -0.0 in an array of constants as 0, and reads some subnormal floats one unit off.
    canJudge: (literal) => !/\[\] .*-0\.0\b|e-3[0-2]\d/.test(literal),
    run: (cells) => inBatches(cells, compile),
  }
}
