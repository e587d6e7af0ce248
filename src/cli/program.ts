import { Command, Option } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { RunnerError } from '../errors.ts'
import { joinPairs } from './argument-pairs.ts'
import type { DoctorOptions } from './doctor.ts'
import type { LinkOptions } from './link.ts'
import { addPapermillOptions, pairOption, refuseOtherFlags } from './papermill-options.ts'
import { type ExitCode, report } from './report.ts'
import type { RunOptions } from './run.ts'
import type { ServerRunOptions } from './run-on-server.ts'
import type { VerifyOptions } from './verify.ts'

/**
 * Runs one command line, without the two words before it. Each command is loaded when it is asked for:
 * starts stay short.
 */
export async function main(args: readonly string[]): Promise<ExitCode> {
  try {
    const program = commandLine()
    const options = program.commands.find((command) => command.name() === args[0])?.options ?? []
    await program.parseAsync(joinPairs(args, options), { from: 'user' })
    return 0
  } catch (error) {
    return report(error)
  }
}

function commandLine(): Command {
  const program = new Command('notebook-runner')
    .description(manifest.description)
    .version(manifest.version)
    .exitOverride()
    .helpCommand(false)

  program
    .command('serve')
    .description('start the service and print the link to open')
    .addHelpText('after', example('PORT=8001 notebook-runner serve'))
    .action(async () => (await import('./serve.ts')).serve())

  program
    .command('worker')
    .description('execute runs of the queue, without serving anything')
    .addHelpText('after', example('DATABASE_URL=postgres://runner@db/runner notebook-runner worker'))
    .action(async () => (await import('./worker.ts')).worker())

  program
    .command('migrate')
    .description('bring the database at DATABASE_URL up to date')
    .addHelpText('after', example('DATABASE_URL=postgres://runner@db/runner notebook-runner migrate'))
    .action(async () => (await import('./migrate.ts')).migrate())

  program
    .command('config')
    .description('show the settings in force and where each came from')
    .option('--json', 'as JSON')
    .addHelpText('after', example('PRESET=seed PLATFORM_DOMAIN=platform.example notebook-runner config'))
    .action(async (options: { json?: boolean }) => (await import('./config.ts')).showConfig(options))

  program
    .command('login')
    .description('sign in to a service by a browser, and keep its token for other commands')
    .argument('<url>', 'the address of the service')
    .addHelpText('after', example('notebook-runner login https://runner.example'))
    .action(async (url: string) => (await import('./login.ts')).login(url))

  program
    .command('logout')
    .description('forget the token of a service, and take it back')
    .argument('<url>', 'the address of the service')
    .addHelpText('after', example('notebook-runner logout https://runner.example'))
    .action(async (url: string) => (await import('./login.ts')).logout(url))

  program
    .command('doctor')
    .description('try every part that the settings name, and say what to do for each fault')
    .option('--workspace <names...>', 'try the storage of these workspaces')
    .option('--user <name>', 'as this person', 'doctor')
    .option('--token <token>', 'an access token: it is checked, and opens storage that needs one')
    .option('--json', 'as JSON')
    .addHelpText('after', example('notebook-runner doctor --workspace coast --user alice'))
    .action(async (options: DoctorOptions) => (await import('./doctor.ts')).doctor(options))

  program
    .command('verify')
    .description('go the way of a link on a service that runs, and say what does not work')
    .argument('<url>', 'the address of the service')
    .option('--token <token>', 'for the service (better: RUNNER_TOKEN, or `notebook-runner login`)')
    .option('--notebook <id>', 'the notebook to prepare (default: the first with an example)')
    .addOption(pairOption('-p, --parameters <name value>', 'a parameter, in the place of the example'))
    .option('--workspace <name>', 'the workspace to store it in')
    .option('--json', 'as JSON')
    .addHelpText('after', example('notebook-runner verify https://runner.example'))
    .action(async (url: string, options: VerifyOptions) => (await import('./verify.ts')).verify(url, options))

  program
    .command('inspect')
    .description('show what a notebook takes')
    .argument('<notebook>', 'an .ipynb file, or - for the standard input')
    .option('--json', 'as a JSON Schema')
    .addHelpText('after', example('notebook-runner inspect ndvi.ipynb'))
    .action(async (notebook: string, options: { json?: boolean }) =>
      (await import('./inspect.ts')).inspect(notebook, options),
    )

  program
    .command('validate')
    .description('check a catalogue and tell every fault')
    .argument('<catalogue>', 'a catalogue file, a folder of notebooks, or an http(s) URL')
    .option('--notebooks', 'also read every notebook and compare it with its entry')
    .addHelpText('after', example('notebook-runner validate --notebooks examples'))
    .action(async (catalogue: string, options: { notebooks?: boolean }) =>
      (await import('./validate.ts')).validate(catalogue, options),
    )

  program
    .command('link')
    .description('make a run link')
    .argument('<id>', 'the id of the notebook in the catalogue')
    .addOption(pairOption('-p, --parameters <name value>', 'a parameter; repeat the name for a list'))
    .option(
      '--catalogue <catalogue>',
      'check the parameters against this catalogue: a file, a folder or a URL',
    )
    .option('--url <url>', 'the address of the service (default: PUBLIC_URL, or where `serve` listens here)')
    .option('--workspace <name>', 'the workspace to run in')
    .addOption(new Option('--mode <mode>', 'what the link does').choices(['prepare', 'execute']))
    .addHelpText(
      'after',
      example(
        'notebook-runner link cog_preview --catalogue examples -p cog_url https://data.example/scene.tif',
      ),
    )
    .action(async (id: string, options: LinkOptions) => (await import('./link.ts')).link(id, options))

  addPapermillOptions(
    program
      .command('run')
      .description('put parameters into a notebook and execute it, with the flags of papermill')
      .argument('<notebook>', 'an .ipynb file, or - for the standard input')
      .argument('[output]', 'where to write; - or nothing for the standard output')
      .option('--prepare', 'write the notebook with its parameters, and do not execute it')
      .addOption(new Option('--prepare-only', 'the same, by papermill’s name').implies({ prepare: true }))
      .option('--server <url>', 'execute it on this server: the notebook is the id of one in its catalogue')
      .option('--token <token>', 'for the server (better: RUNNER_TOKEN, which nobody else can see)')
      .option('--workspace <name>', 'for the server: the workspace to run in')
      .option('--stop-server', 'for the server: stop another Jupyter server of yours, where it stops one')
      .option('--allow-undeclared', 'also take parameters that the notebook does not declare'),
  )
    .addHelpText('after', example('notebook-runner run ndvi.ipynb out.ipynb -p year 2024 -p lon -4.5'))
    .action(
      async (
        notebook: string,
        output: string | undefined,
        options: RunOptions & ServerRunOptions,
        command: Command,
      ) => {
        refuseOtherFlags(command)
        if (options.server !== undefined)
          return (await import('./run-on-server.ts')).runOnServer(notebook, output, options)
        if ([options.token, options.workspace, options.stopServer].some((one) => one !== undefined))
          throw new RunnerError(
            'usage',
            '--token, --workspace and --stop-server are for --server: say which one.',
          )
        return (await import('./run.ts')).run(notebook, output, options)
      },
    )
  return program
}

function example(command: string): string {
  return `\nExample:\n  ${command}`
}
