import { existsSync, mkdirSync } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Batch, inBatches } from './compiled.ts'
import { cache, command, type Interpreter, inFolder, type Missing, outcomes } from './interpreter.ts'
import { parseShown, same } from './shown.ts'

/** The cells are blocks: a value of their own each, as in a notebook's cell. */
const program = (cells: readonly string[]) => `
object Cells {
  def hex(n: Long): String = { val t = java.lang.Long.toHexString(n); "0" * (16 - t.length) + t }
  def text(s: String): String = "{\\"s\\":\\"" + s.map((c: Char) => hex(c.toLong).substring(12)).mkString + "\\"}"
  def show(v: Any): String = v match {
    case None => "null"
    case b: Boolean => b.toString
    case i: Int => "{\\"i\\":\\"" + i + "\\"}"
    case l: Long => "{\\"i\\":\\"" + l + "\\"}"
    case b: BigInt => "{\\"i\\":\\"" + b + "\\"}"
    case d: Double => "{\\"f\\":\\"" + hex(java.lang.Double.doubleToRawLongBits(d)) + "\\"}"
    case s: String => text(s)
    case m: Map[_, _] =>
      "{\\"d\\":[" + m.iterator.map { case (k, w) => "[" + show(k) + "," + show(w) + "]" }.mkString(",") + "]}"
    case s: Seq[_] => "{\\"l\\":[" + s.map((w: Any) => show(w)).mkString(",") + "]}"
    case other => "!" + other.getClass
  }
${cells.map((cell, at) => `  object C${at} {\n    def apply(): Any = {\n${cell}\n      x\n    }\n  }`).join('\n')}
  def main(args: Array[String]): Unit = {
${cells.map((_, at) => `    println(show(C${at}()))`).join('\n')}
  }
}
`

/** A Scala compiler from Maven, run by Java. */
export async function scala(version: string): Promise<Interpreter | Missing> {
  if ((await command('java', ['-version'])).code !== 0) return { missing: 'Java (17 or later)' }
  if ((await command('mvn', ['--version'])).code !== 0) return { missing: 'Maven ("mvn")' }
  const jars = join(cache, `scala-${version}`)
  const is3 = version.startsWith('3')
  if (!existsSync(join(jars, 'done'))) {
    console.log(`fetching Scala ${version}`)
    mkdirSync(jars, { recursive: true })
    const artifact = is3 ? 'scala3-compiler_3' : 'scala-compiler'
    await writeFile(join(jars, 'pom.xml'), pom(artifact, version))
    const copied = await command(
      'mvn',
      ['-q', 'dependency:copy-dependencies', `-DoutputDirectory=${jars}`],
      jars,
    )
    if (copied.code !== 0) return { missing: `the Maven artifact org.scala-lang:${artifact}:${version}` }
    await writeFile(join(jars, 'done'), '')
  }
  const classPath = (await readdir(jars))
    .filter((file) => file.endsWith('.jar'))
    .map((file) => join(jars, file))
    .join(':')

  async function compile(cells: readonly string[]): Promise<Batch> {
    return inFolder(async (folder) => {
      await writeFile(join(folder, 'Cells.scala'), program(cells))
      const main = is3 ? 'dotty.tools.dotc.Main' : 'scala.tools.nsc.Main'
      const options = ['-nowarn', '-encoding', 'UTF-8', '-classpath', classPath, '-d', folder]
      const built = await command('java', [
        '-Xss16m',
        '-cp',
        classPath,
        main,
        ...options,
        join(folder, 'Cells.scala'),
      ])
      if (built.code !== 0) return { error: `${built.stdout}${built.stderr}`.slice(0, 400) }
      const ran = await command('java', ['-cp', `${classPath}:${folder}`, 'Cells'])
      return ran.code === 0
        ? outcomes(ran.stdout, parseShown, cells.length)
        : { error: ran.stderr.slice(0, 400) }
    })
  }
  return {
    name: `Scala ${version}`,
    isSame: same({ widens: true }),
    run: (cells) => inBatches(cells, compile),
  }
}

function pom(artifact: string, version: string): string {
  return `<project><modelVersion>4.0.0</modelVersion><groupId>local</groupId><artifactId>scala</artifactId><version>1</version>
<dependencies><dependency><groupId>org.scala-lang</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency></dependencies></project>`
}
