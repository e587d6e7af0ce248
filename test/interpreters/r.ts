import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { command, debian, type Interpreter, inFolder, type Missing, npm, outcomes } from './interpreter.ts'
import { parseShown, same } from './shown.ts'

const program = (folder: string, count: number) => `
hex <- function(bytes) paste(as.character(bytes), collapse = "")
text <- function(s) paste0('{"b":"', hex(charToRaw(enc2utf8(s))), '"}')
show <- function(v) {
  if (is.null(v)) return("null")
  if (is.list(v)) {
    members <- if (length(v)) vapply(seq_along(v), function(i) show(v[[i]]), "") else character(0)
    if (is.null(names(v))) return(paste0('{"l":[', paste(members, collapse = ","), "]}"))
    keys <- vapply(names(v), text, "", USE.NAMES = FALSE)
    pairs <- if (length(v)) paste0("[", keys, ",", members, "]") else character(0)
    return(paste0('{"d":[', paste(pairs, collapse = ","), "]}"))
  }
  if (length(v) != 1) stop("not of length 1")
  if (is.character(v)) return(text(v))
  if (is.logical(v)) return(if (v) "true" else "false")
  paste0('{"f":"', hex(writeBin(as.double(v), raw(), endian = "big")), '"}')
}
result <- character(0)
for (i in seq_len(${count})) {
  file <- paste0("${folder}/cell-", i - 1, ".R")
  line <- tryCatch({
    x <- NULL
    eval(parse(file, encoding = "UTF-8"))
    show(x)
  }, error = function(e) paste0("!", gsub("\\n", " ", conditionMessage(e))))
  result <- c(result, line)
}
`

/** R itself, where it is or can be installed: on an ordinary processor it reads decimals otherwise than in the browser. */
export async function rscript(): Promise<Interpreter | Missing> {
  const missing = await debian('Rscript', 'r-base-core')
  if (missing) return missing
  const version = (await command('Rscript', ['-e', 'cat(as.character(getRversion()))'])).stdout
  return {
    name: `R ${version}`,
    isSame: same({ onlyFloats: true }),
    run: (cells) =>
      inFolder(async (folder) => {
        await Promise.all(cells.map((cell, at) => writeFile(join(folder, `cell-${at}.R`), cell)))
        await writeFile(join(folder, 'all.R'), `${program(folder, cells.length)}\ncat(result, sep = "\\n")\n`)
        const ended = await command('Rscript', ['--vanilla', join(folder, 'all.R')])
        return outcomes(ended.stdout, parseShown, cells.length)
      }),
  }
}

interface WebR {
  init(): Promise<unknown>
  close(): void
  evalRString(code: string): Promise<string>
  FS: { writeFile(path: string, data: Uint8Array): Promise<unknown> }
}

/** R in WebAssembly, as the npm package `webr` has it. */
export async function webr(): Promise<Interpreter | Missing> {
  const modules = await npm('webr', 'webr@0.6.0')
  if (typeof modules !== 'string') return modules
  const load = createRequire(join(modules, 'index.js'))
  const version: unknown = JSON.parse(await readFile(join(modules, 'webr/package.json'), 'utf8')).version
  return {
    name: `webr ${String(version)}`,
    isSame: same({ onlyFloats: true }),
    async run(cells) {
      const { WebR: Constructor }: { WebR: new () => WebR } = load('webr')
      const session = new Constructor()
      await session.init()
      try {
        for (const [at, cell] of cells.entries()) {
          await session.FS.writeFile(`/tmp/cell-${at}.R`, new TextEncoder().encode(cell))
        }
        const stdout = await session.evalRString(
          `${program('/tmp', cells.length)}\npaste(result, collapse = "\\n")`,
        )
        return outcomes(stdout, parseShown, cells.length)
      } finally {
        session.close()
      }
    },
  }
}
