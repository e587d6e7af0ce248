import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { command, SetupError } from './command.mjs'
import { empty, unfinishedPath } from './parts.mjs'

/** @typedef {import('./parts.mjs').Part} Part */

const JAVA = 17
/** Pinned, or the newest one would be looked for. */
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy'
/** What Keycloak is built for: it starts in a quarter of the time than where it has to find out. Its database is memory. */
const BUILD = ['--db=dev-mem', '--cache=local', '--http-relative-path=/auth', '--health-enabled=false']

/**
 * Keycloak, for the platform on this machine. Its list is the coordinates of the package.
 * @param {Part} part
 */
export async function installKeycloak(part) {
  const java = await needs('java', ['-XshowSettings:properties', '-version'], `Java ${JAVA} or later`)
  const version = /java\.specification\.version = (\d+)/.exec(java)?.[1] ?? 'an old one'
  if (!(Number(version) >= JAVA))
    throw new SetupError(`Keycloak needs Java ${JAVA} or later, and \`java\` is ${version} here.`)
  await needs('mvn', ['--version'], 'Maven')
  empty(part)
  writeFileSync(unfinishedPath(part), '')
  const artifact = readFileSync(part.list, 'utf8').trim()
  const packed = join(part.folder, 'packed')
  await command('mvn', ['--batch-mode', COPY, `-Dartifact=${artifact}`, `-DoutputDirectory=${packed}`], {
    cwd: part.folder,
  })
  const [, name, release, type] = artifact.split(':')
  const archive = join(packed, `${name}-${release}.${type}`)
  await command('tar', ['-xzf', archive, '--strip-components=1', '-C', part.folder])
  rmSync(packed, { recursive: true })
  await command(join(part.folder, part.program), ['build', ...BUILD])
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {string} title
 */
async function needs(program, args, title) {
  return command(program, args).catch(() => {
    throw new SetupError(
      `Keycloak needs ${title}, and \`${program}\` does not run here (Debian and Ubuntu: \`apt install default-jdk maven\`).`,
    )
  })
}
