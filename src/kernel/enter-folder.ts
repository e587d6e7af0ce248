import { randomUUID } from 'node:crypto'
import { translatorFor } from '../notebook/inject/translator.ts'
import type { KernelConnection } from './kernel-connection.ts'
import { textOf } from './message.ts'

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
  if (enter === undefined || signal.aborted) return false
  const path = folder.startsWith('/') ? folder : `./${folder}`
  const code = enter(translatorFor({ kernelName: undefined, language }).literal(path))
  const messageId = randomUUID()
  const giveUp = () => void connection[Symbol.asyncDispose]()
  signal.addEventListener('abort', giveUp)
  try {
    connection.execute({ messageId, code, silent: true, storeHistory: false, stopOnError: true })
    let [done, idle] = [false, false]
    for await (const event of connection.events()) {
      if (event.kind !== 'message') return false
      if (event.parentId !== messageId) continue
      if (event.type === 'execute_reply') {
        if (textOf(event.content, 'status') !== 'ok') return false
        done = true
      }
      idle ||= event.type === 'status' && textOf(event.content, 'execution_state') === 'idle'
      // Nothing of this request is left for the reader to come.
      if (done && idle) return true
    }
    return false
  } catch {
    return false
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}
