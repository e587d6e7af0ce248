import { loadConfig } from '../config/config.ts'
import { print } from './print.ts'
import { textTable } from './text-table.ts'

/**
 * `notebook-runner config`: the settings in force, with secrets masked. Throws `invalid-settings` with
 * every fault.
 */
export async function showConfig(options: { readonly json?: boolean }): Promise<void> {
  const { settings } = loadConfig()
  if (options.json) {
    await print(`${JSON.stringify(settings, undefined, 2)}\n`)
    return
  }
  const rows = settings.map(({ name, value, from }) => [name, value === '' ? '(empty)' : value, from])
  await print(textTable(['Setting', 'Value', 'From'], rows))
}
