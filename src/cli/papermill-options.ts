import { type Command, InvalidArgumentError, Option } from 'commander'
import { RunnerError } from '../errors.ts'
import { parsePair } from './argument-pairs.ts'

export interface PapermillOptions {
  readonly parameters?: ReadonlyArray<readonly [string, string]>
  readonly parameters_raw?: ReadonlyArray<readonly [string, string]>
  readonly parameters_file?: readonly string[]
  readonly parameters_yaml?: readonly string[]
  readonly parameters_base64?: readonly string[]
  readonly injectInputPath?: boolean
  readonly injectOutputPath?: boolean
  readonly injectPaths?: boolean
  readonly kernel?: string
  readonly language?: string
}

const SAVES = 'the notebook is written now and then while it runs, and whole at the end'

/**
 * What papermill has besides, and why there is none of it here. What only asks for less is taken, as less
 * is done.
 */
const REFUSED: ReadonlyArray<readonly [flags: string, reason: string]> = [
  ['--engine <name>', 'there is one way to execute a notebook'],
  ['--request-save-on-cell-execute', SAVES],
  ['--no-request-save-on-cell-execute', ''],
  ['--autosave-cell-every <seconds>', SAVES],
  ['--prepare-execute', 'it is what happens without --prepare'],
  ['--log-level <level>', 'there is no log; warnings and errors are written to the standard error'],
  ['--start_timeout <seconds>', 'it is called --start-timeout here'],
  ['--report-mode', 'hiding the code is not part of this version'],
  ['--no-report-mode', ''],
  ['--no-log-output', ''],
  ['--help-notebook', '`notebook-runner inspect NOTEBOOK` shows what a notebook takes'],
]

/** Papermill's flags, under papermill's names. */
export function addPapermillOptions(command: Command): Command {
  command
    .addOption(pairOption('-p, --parameters <name value>', 'a parameter; repeatable'))
    .addOption(
      pairOption('-r, --parameters_raw <name value>', 'a parameter whose value is text as it is; repeatable'),
    )
    .option('-f, --parameters_file <path>', 'a YAML or JSON file of parameters; repeatable', collect)
    .option('-y, --parameters_yaml <text>', 'parameters as YAML; repeatable', collect)
    .option('-b, --parameters_base64 <text>', 'parameters as YAML in base64; repeatable', collect)
    .option('--inject-input-path', 'also set PAPERMILL_INPUT_PATH')
    .option('--inject-output-path', 'also set PAPERMILL_OUTPUT_PATH')
    .option('--inject-paths', 'also set both of them')
    .option('-k, --kernel <name>', 'kernel, in place of the one that the notebook names')
    .option('-l, --language <name>', 'language, in place of the one that the notebook names')
    .option('--cwd <folder>', 'where the notebook runs (default: the current folder)')
    .option('--progress-bar', 'show how far it is (default: on a terminal)')
    .option('--no-progress-bar', 'do not')
    .option('--log-output', 'also write what cells print to the standard error')
    .option('--stdout-file <path>', 'also write what cells print to this file')
    .option('--stderr-file <path>', 'also write what cells print to their standard error to this file')
    .addOption(secondsOption('--start-timeout <seconds>', 'how long the kernel may take to start'))
    .addOption(secondsOption('--execution-timeout <seconds>', 'how long each cell may take'))
    .addOption(secondsOption('--run-timeout <seconds>', 'how long all cells together may take'))
    .addOption(secondsOption('--idle-timeout <seconds>', 'how long a cell may give no sign'))
    .addOption(numberOption('--output-bytes <bytes>', 'what all outputs may take; the rest is cut', 1_000))
  for (const [flags] of REFUSED) command.addOption(new Option(flags).hideHelp())
  return command
}

/** Throws one `usage` that names every flag that was given and makes no sense here, with the reason. */
export function refuseOtherFlags(command: Command): void {
  const given = REFUSED.flatMap(([flags, reason]) => {
    const option = new Option(flags)
    const value: unknown = command.getOptionValue(option.attributeName())
    const isGiven = option.negate ? value === false : value !== undefined && value !== false
    return isGiven && reason !== '' ? [`${option.long} is refused: ${reason}.`] : []
  })
  if (given.length === 0) return
  const lines =
    given.length === 1
      ? given
      : ['Some flags of papermill are not for here:', ...given.map((line) => `  - ${line}`)]
  throw new RunnerError('usage', lines.join('\n'))
}

export function pairOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser(parsePair)
}

function secondsOption(flags: string, description: string): Option {
  return numberOption(flags, description, 1)
}

/** The flag's value says the unit. */
function numberOption(flags: string, description: string, least: number): Option {
  const [, unit = ''] = /<(.*)>/.exec(flags) ?? []
  return new Option(flags, description).argParser((text) => {
    if (/^\d{1,9}$/.test(text) && Number(text) >= least) return Number(text)
    throw new InvalidArgumentError(`It must be a whole number of ${unit}, from ${least} on.`)
  })
}

function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value]
}
