import { startPlatform } from './platform.ts'

// `npm run platform`: a whole platform on this machine, to look at and to try things on.

const stop = new AbortController()
const { promise: stopped, resolve } = Promise.withResolvers<void>()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    stop.abort(new Error('It was stopped.'))
    resolve()
  })
const say = (line: string) => void process.stderr.write(`${line}\n`)

try {
  await using platform = await startPlatform(say, stop.signal)
  const { runnerUrl, hub, s3, issuer, people, folder } = platform
  const example = `cog_url=${runnerUrl}/examples/data/scene.tif&bbox=-4.5,53.1,-4.4,53.2`
  process.stdout.write(`
The platform is up.

  Notebook Runner  ${runnerUrl}
  JupyterHub       ${hub.url}/hub/home
  Keycloak         ${issuer}/account
  S3               ${s3.endpoint}
  logs             ${folder}

${people.map(({ name, password, workspaces }) => `  ${name.padEnd(6)} ${password}  ${workspaces}`).join('\n')}

A link to begin with:

  ${runnerUrl}/run/notebook/ndvi_calculation?${example}&_mode=execute

Ctrl-C stops all of it, and removes what it has made.
`)
  await stopped
  say('Stopping …')
} catch (error) {
  if (!stop.signal.aborted) throw error
}
say('Stopped.')
