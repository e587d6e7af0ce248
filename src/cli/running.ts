import pino from 'pino'
import { loadConfig } from '../config/config.ts'
import { openTracing } from '../context/open-tracing.ts'
import { type Context, createContext } from '../context.ts'

/**
 * Runs a service until SIGINT or SIGTERM, then stops it in good order.
 * @param begin what it is to do; returns what the person is told
 */
export async function running(begin: (context: Context) => Promise<string>): Promise<void> {
  const { config } = loadConfig()
  await using tracing = await openTracing(config, {
    info: (details, message) => log.info(details, message),
    warn: (details, message) => log.warn(details, message),
  })
  const log = pino({
    base: null,
    level: config.logLevel,
    ...(tracing !== undefined && { mixin: () => tracing.logFields() }),
    redact: ['req.headers.authorization', 'req.headers.cookie'],
  })
  const stop = new Promise<string>((resolve) => {
    // For good: without a listener a second signal would end us at once, and leave our children to nobody.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, resolve)
  })
  await using context = await createContext(config, log, tracing)
  process.stdout.write(await begin(context))
  const signal = await stop
  log.info({ signal }, 'stopping')
}
