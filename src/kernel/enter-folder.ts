import { translatorFor } from '../notebook/inject/translator.ts'
import type { KernelConnection } from './kernel-connection.ts'
import { runSilently } from './run-silently.ts'

/** Makes the folder and goes into it, and leaves no name behind in the notebook's own variables. */
const ENTER: Readonly<Record<string, (folder: string) => string>> = {
  python: (folder) =>
    `__import__("os").makedirs(${folder}, exist_ok=True); __import__("os").chdir(${folder})`,
  r: (folder) => `dir.create(${folder}, showWarnings = FALSE, recursive = TRUE); setwd(${folder})`,
  julia: (folder) => `cd(mkpath(${folder})); nothing`,
  bash: (folder) => `mkdir -p ${folder} && cd ${folder}`,
}

/** Whether a kernel of this language can be told where to work after it has started. */
export function canEnterFolders(language: string): boolean {
  return Object.hasOwn(ENTER, language.toLowerCase())
}

/** Tells the kernel silently to work in that folder. False when it could not, for whatever reason. */
export async function enterFolder(
  connection: KernelConnection,
  { language, folder }: { readonly language: string; readonly folder: string },
  signal: AbortSignal,
): Promise<boolean> {
  const enter = ENTER[language.toLowerCase()]
  if (enter === undefined) return false
  const path = folder.startsWith('/') ? folder : `./${folder}`
  const code = enter(translatorFor({ kernelName: undefined, language }).literal(path))
  return runSilently(connection, code, signal)
}
