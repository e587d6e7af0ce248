/** One instruction of a Dockerfile, its continued lines put together. */
export interface Instruction {
  readonly name: string
  readonly text: string
}

export interface Stage {
  readonly name: string
  readonly base: string
  readonly instructions: readonly Instruction[]
}

/** The stages of a Dockerfile. What comes before the first `FROM` is in `head`. */
export function parseDockerfile(text: string): {
  readonly head: readonly Instruction[]
  readonly stages: readonly Stage[]
} {
  const head: Instruction[] = []
  const stages: { name: string; base: string; instructions: Instruction[] }[] = []
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.trimStart().startsWith('#'))
  for (const line of lines.join('\n').replaceAll('\\\n', ' ').split('\n')) {
    const [, name = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? []
    const from = name === 'FROM' ? /^(\S+)(?: AS (\S+))?$/.exec(rest) : null
    if (from !== null) stages.push({ base: from[1] ?? '', name: from[2] ?? '', instructions: [] })
    else (stages.at(-1)?.instructions ?? head).push({ name, text: rest })
  }
  return { head, stages }
}

export interface Target {
  readonly stage: Stage
  /** What it sets by ENV. */
  readonly variables: Readonly<Record<string, string>>
  /** The JSON array at the end of an instruction: ENTRYPOINT, CMD or HEALTHCHECK. */
  command(name: string): readonly string[]
}

/** A target of a Dockerfile. Throws where there is none of that name. */
export function targetOf(dockerfile: string, target: string): Target {
  const stage = parseDockerfile(dockerfile).stages.find(({ name }) => name === target)
  if (stage === undefined) throw new Error(`The Dockerfile has no target ${target}`)
  const textOf = (name: string) => stage.instructions.find((each) => each.name === name)?.text ?? ''
  const pairs = textOf('ENV').split(' ')
  return {
    stage,
    variables: Object.fromEntries(
      pairs.map((each) => [each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1)]),
    ),
    command: (name) => JSON.parse(textOf(name).slice(textOf(name).indexOf('['))),
  }
}

/** What is wrong with a Dockerfile by the usual rules (those of hadolint that concern an image like ours). */
export function faultsOfDockerfile(text: string): string[] {
  const { head, stages } = parseDockerfile(text)
  const faults: string[] = []
  for (const { name, text: value } of head)
    if (name !== 'ARG' || value.includes('=')) faults.push(`before the first FROM: ${name} ${value}`)
  const bases = new Set(head.map(({ text: value }) => `\${${value}}`))
  for (const { name: stage, base, instructions } of stages) {
    const say = (fault: string) => faults.push(`${stage}: ${fault}`)
    if (!bases.has(base)) say(`the base ${base} is not a build argument`)
    for (const { name, text: value } of instructions) {
      if (name === '') say('a line that is no instruction')
      if (name === 'ADD' || name === 'MAINTAINER') say(`${name} is used`)
      if (name === 'WORKDIR' && !value.startsWith('/')) say('WORKDIR is relative')
      if ((name === 'CMD' || name === 'ENTRYPOINT') && !value.startsWith('[')) say(`${name} needs a shell`)
      if (name === 'HEALTHCHECK' && !/ CMD \[/.test(value)) say('HEALTHCHECK needs a shell')
      if (name === 'RUN' && /\b(sudo|curl|wget|apt-get|apk)\b|(^|[;&]\s*)cd /.test(value)) say(`RUN ${value}`)
      if (name === 'RUN' && /pip install (?!--no-cache-dir)/.test(value)) say('pip keeps its cache')
      if (name === 'ENV' && /\bLD_\w+=/.test(value)) say('kernels would inherit a library path')
      if (/^(ENV|ARG)$/.test(name) && /(secret|password|token)\w*=/i.test(value)) say(`a secret in ${name}`)
    }
    if (stage.startsWith('build')) continue
    const user = instructions.findLast(({ name }) => name === 'USER')?.text ?? 'root'
    if (!/^[1-9]\d*:[1-9]\d*$/.test(user)) say(`runs as ${user}`)
    for (const needed of ['HEALTHCHECK', 'STOPSIGNAL', 'ENTRYPOINT', 'EXPOSE'])
      if (!instructions.some(({ name }) => name === needed)) say(`has no ${needed}`)
  }
  return faults
}
