import { type Command, Option } from 'commander'
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

const EXECUTES = 'it is about executing, and only preparing is part of this version'

/**
 * What papermill has besides, and why there is none of it here. What only asks for less is taken, as less
 * is done.
 */
const REFUSED: ReadonlyArray<readonly [flags: string, reason: string]> = [
  ['--engine <name>', EXECUTES],
  ['--cwd <folder>', `${EXECUTES}; paths on this command line are relative to the current folder`],
  ['--request-save-on-cell-execute', EXECUTES],
  ['--no-request-save-on-cell-execute', EXECUTES],
  ['--autosave-cell-every <seconds>', EXECUTES],
  ['--prepare-execute', EXECUTES],
  ['--progress-bar', 'preparing is over before a bar could be drawn'],
  ['--no-progress-bar', ''],
  ['--log-output', EXECUTES],
  ['--no-log-output', ''],
  ['--stdout-file <path>', EXECUTES],
  ['--stderr-file <path>', EXECUTES],
  ['--log-level <level>', 'there is no log; warnings and errors are written to the standard error'],
  ['--start-timeout <seconds>', EXECUTES],
  ['--start_timeout <seconds>', EXECUTES],
  ['--execution-timeout <seconds>', EXECUTES],
  ['--report-mode', 'hiding the code is not part of this version'],
  ['--no-report-mode', ''],
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

function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value]
}
