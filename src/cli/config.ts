import { loadConfig } from '../config/config.ts'
import { textTable } from './text-table.ts'

/** `notebook-runner config`: the settings in force, with secrets masked. Throws `invalid-settings` with every fault. */
export function showConfig(options: { readonly json?: boolean }): void {
  const { settings } = loadConfig()
  if (options.json) {
    process.stdout.write(`${JSON.stringify(settings, undefined, 2)}\n`)
    return
  }
  const rows = settings.map(({ name, value, from }) => [name, value === '' ? '(empty)' : value, from])
  process.stdout.write(textTable(['Setting', 'Value', 'From'], rows))
}
