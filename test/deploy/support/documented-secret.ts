import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

const PAGE = join(import.meta.dirname, '../../../docs/deployment.md')

/** What the secret holds that the page on deployment has people make: exactly its keys, with values made now. */
export async function documentedSecret(): Promise<Readonly<Record<string, string>>> {
  const page = await readFile(PAGE, 'utf8')
  const [command] = /kubectl create secret generic notebook-runner (?:.*\\\n)*.*/.exec(page) ?? []
  if (command === undefined) throw new Error('docs/deployment.md makes no secret')
  const names = [...command.matchAll(/--from-literal=([A-Z_]+)=/g)].map(([, name = '']) => name)
  return Object.fromEntries(
    names.map((name) => [
      name,
      name === 'DATABASE_URL' ? 'postgres://runner@database/runner' : randomBytes(32).toString('base64'),
    ]),
  )
}
