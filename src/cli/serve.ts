import pino from 'pino'
import { loadConfig } from '../config/config.ts'
import { createContext } from '../context.ts'

/** `notebook-runner serve`: starts everything, prints the one link to open, and stops in good order on SIGINT and SIGTERM. */
export async function serve(): Promise<void> {
  const { config } = loadConfig()
  const log = pino({
    base: null,
    level: config.logLevel,
    redact: ['req.headers.authorization', 'req.headers.cookie'],
  })
  const stop = new Promise<string>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve)
  })
  await using context = await createContext(config, log)
  const { url, link } = await context.listen()
  log.info({ url, preset: config.preset }, 'listening')
  if (link !== undefined)
    process.stdout.write(`\nNotebook Runner is ready. Open this link:\n\n    ${link}\n\nCtrl-C stops it.\n`)
  const signal = await stop
  log.info({ signal }, 'stopping')
}
