import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Compiler } from '../../src/catalog/compiler.ts'
import { RunnerError } from '../../src/errors.ts'
import { problemOf } from '../support/answers.ts'
import { redirect, startHttpServer, type TestServer, text } from '../support/http-server.ts'
import { notebook } from '../support/notebooks.ts'
import { processorMsOf } from '../support/processor-time.ts'
import { type LocalRunner, startLocalRunner } from './local-runner.ts'

/** All that this process connects to, by address and port, whoever asks it to. */
const connected: string[] = []
function note(message: unknown): void {
  const socket = socketOf(message)
  // The database's socket is a file and has no address.
  socket?.once('connect', () => {
    if (socket.remoteAddress !== undefined) connected.push(`${socket.remoteAddress}:${socket.remotePort}`)
  })
}

function socketOf(message: unknown): Socket | undefined {
  if (typeof message !== 'object' || message === null || !('socket' in message)) return undefined
  const { socket } = message
  return isSocket(socket) ? socket : undefined
}

function isSocket(value: unknown): value is Socket {
  return typeof value === 'object' && value !== null && 'remoteAddress' in value && 'once' in value
}

let catalogue: TestServer
/** Where nobody may come. */
let inner: TestServer
let local: LocalRunner

/** Written for a server inside, in every way that somebody reads. */
const targets = (port: number): readonly string[] => [
  `http://127.0.0.1:${port}/x.ipynb`,
  `http://localhost:${port}/x.ipynb`,
  `http://LOCALHOST.:${port}/x.ipynb`,
  `http://2130706433:${port}/x.ipynb`,
  `http://0x7f000001:${port}/x.ipynb`,
  `http://017700000001:${port}/x.ipynb`,
  `http://0177.0.0.1:${port}/x.ipynb`,
  `http://127.1:${port}/x.ipynb`,
  `http://0:${port}/x.ipynb`,
  `http://0.0.0.0:${port}/x.ipynb`,
  `http://[::1]:${port}/x.ipynb`,
  `http://[::]:${port}/x.ipynb`,
  `http://[::ffff:127.0.0.1]:${port}/x.ipynb`,
  `http://[::ffff:7f00:1]:${port}/x.ipynb`,
  `http://[64:ff9b::7f00:1]:${port}/x.ipynb`,
  `http://[2002:7f00:1::]:${port}/x.ipynb`,
  `http://①②⑦.⓪.⓪.①:${port}/x.ipynb`,
  `http://127。0。0。1:${port}/x.ipynb`,
  `http://allowed.example@127.0.0.1:${port}/x.ipynb`,
  `http://allowed.example:x@127.0.0.1:${port}/x.ipynb`,
  `http://127.0.0.1:${port}\\@allowed.example/x.ipynb`,
  `http://allowed.example#@127.0.0.1:${port}/x.ipynb`,
  `http://allowed.example.127.0.0.1.nip.io:${port}/x.ipynb`,
  '//127.0.0.1/x.ipynb',
  `http:\\\\127.0.0.1:${port}\\x.ipynb`,
  `HTTP://127.0.0.1:${port}/x.ipynb`,
  'http://169.254.169.254/latest/meta-data/iam/security-credentials/',
  'http://[fd00:ec2::254]/latest/meta-data/',
  'http://169.254.170.2/v2/credentials',
  'http://metadata.google.internal/computeMetadata/v1/',
  'http://100.100.100.200/latest/meta-data/',
  'http://10.0.0.1/',
  'http://172.16.0.1/',
  'http://192.168.0.1/',
  'http://100.64.0.1/',
  'http://[fe80::1]/',
  'http://[fc00::1]/',
  'http://kubernetes.default.svc/api',
  'file:///etc/passwd',
  'file://localhost/etc/passwd',
  '/etc/passwd',
  '../../../../etc/passwd',
  '..%2f..%2fetc%2fpasswd',
  '%2e%2e/%2e%2e/etc/passwd',
  '..\\..\\x.ipynb',
  `gopher://127.0.0.1:${port}/_GET`,
  `ftp://127.0.0.1:${port}/x.ipynb`,
  `ws://127.0.0.1:${port}/`,
  'data:application/json,{"nbformat":4}',
  'javascript:alert(1)',
  'blob:http://127.0.0.1/x',
  's3://workspace-alice/users/alice/secret.ipynb',
  's3://../x',
  's3://allowed/../other/x.ipynb',
]

/** On the catalogue's own host, but leading away from it. */
const redirects = (port: number): readonly string[] => [
  `http://127.0.0.1:${port}/x.ipynb`,
  `//127.0.0.1:${port}/x.ipynb`,
  `http://localhost:${port}/x.ipynb`,
  'http://169.254.169.254/latest/meta-data/',
  'http://[::ffff:169.254.169.254]/',
  'file:///etc/passwd',
  'gopher://127.0.0.1:1/',
  'data:application/json,{}',
  '\\\\127.0.0.1\\x',
]

const HOSTS = ['allowed.example', 'localhost', '127.0.0.1', '[::1]']

beforeAll(async () => {
  subscribe('net.client.socket', note)
  ;[catalogue, inner] = await Promise.all([startHttpServer(), startHttpServer()])
  inner.on('/x.ipynb', text(notebook('stolen = 1')))
  const entries = [
    { id: 'good', type: 'notebook', file: 'good.ipynb', inputSpec: {} },
    ...targets(inner.port).map((file, index) => ({ id: `t${index}`, type: 'notebook', file })),
    ...redirects(inner.port).map((_, index) => ({ id: `r${index}`, type: 'notebook', file: `r${index}` })),
  ]
  catalogue.on('/catalogue.json', text(JSON.stringify(entries)))
  catalogue.on('/good.ipynb', text(notebook('a = 1')))
  for (const [index, location] of redirects(inner.port).entries())
    catalogue.on(`/r${index}`, redirect(location))
  local = await startLocalRunner({
    CONFIG_URL: `${catalogue.origin}/catalogue.json`,
    // An operator who lists too much: what has an address inside is refused all the same.
    TEMPLATE_HOSTS: [...HOSTS, ...HOSTS.slice(1, 4).map((host) => `${host}:${inner.port}`)].join(','),
  })
})
afterAll(async () => {
  unsubscribe('net.client.socket', note)
  await local?.[Symbol.asyncDispose]()
  await catalogue?.[Symbol.asyncDispose]()
  await inner?.[Symbol.asyncDispose]()
})

const ours = () => [new URL(local.runner.url).port, String(catalogue.port)].map((port) => `127.0.0.1:${port}`)
const catalogueBy = async (file: string): Promise<LocalRunner> => {
  catalogue.on('/other.json', text(file))
  return startLocalRunner({ CONFIG_URL: `${catalogue.origin}/other.json` })
}

describe('a catalogue that names what is inside', () => {
  it.each(targets(0).map((target, index) => [target.replace(':0/', ':PORT/'), index] as const))(
    'does not have %s fetched',
    async (_, index) => {
      for (const path of [`/run/notebook/t${index}`, `/processes/t${index}`]) {
        const response = await local.runner.program(path)
        const { type, detail } = await problemOf(response)
        expect([502, 503]).toContain(response.status)
        expect(type).toMatch(/:(broken-entry|template-unavailable)$/)
        expect(detail).not.toMatch(/stolen|root:/)
      }
    },
  )

  it.each(redirects(0).map((target, index) => [target.replace(':0/', ':PORT/'), index] as const))(
    'is not followed to %s',
    async (_, index) => {
      const response = await local.runner.program(`/run/notebook/r${index}`)
      expect(response.status).toBe(502)
      expect((await problemOf(response)).type).toMatch(/:template-unavailable$/)
    },
  )

  it('leaves no connection behind but those to itself, and no notebook', async () => {
    await local.runner.program('/api')
    expect((await local.runner.program('/run/notebook/good')).status).toBe(303)
    expect(connected).toContain(`127.0.0.1:${catalogue.port}`)
    expect(connected.filter((address) => !ours().includes(address))).toEqual([])
    expect(inner.connections).toBe(0)
    expect(await local.prepared()).toHaveLength(1)
  })

  it('is not itself followed to another place', async () => {
    catalogue.on('/moved.json', redirect(`${inner.origin}/catalogue.json`))
    await using moved = await startLocalRunner({ CONFIG_URL: `${catalogue.origin}/moved.json` })
    expect(await (await moved.runner.program('/processes')).json()).toMatchObject({
      processes: [],
      stale: expect.any(String),
    })
    expect(inner.connections).toBe(0)
  })
})

describe('a catalogue with names that objects have', () => {
  const polluting = `[
    {"id":"constructor","file":"good.ipynb","__proto__":{"kernel":"x","polluted":1},
     "inputSpec":{"constructor":{"type":"text","default":"c"},"toString":{"type":"text","__proto__":{"polluted":1}},
       "hasOwnProperty":"text","valueOf":{"type":"object","default":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}}},
    {"id":"__proto__","file":"good.ipynb","inputSpec":{"x":"text"}},
    {"id":"prototype","file":"good.ipynb","inputSpec":{"__proto__":{"type":"text"}}},
    {"id":"toString","file":"proto.ipynb"}]`
  const metadata =
    '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"tags":["parameters"]}'
  const hostile = `{"nbformat":4,"nbformat_minor":5,"__proto__":{"polluted":1},
    "metadata":{"__proto__":{"polluted":1},"papermill":{"__proto__":{"polluted":1}},"kernelspec":{"name":"python3","language":"python","display_name":"p","__proto__":{"polluted":1}}},
    "cells":[{"cell_type":"code","id":"a","metadata":${metadata},"execution_count":null,"outputs":[],
      "source":"constructor = 1\\n__proto__ = {'polluted': 1}\\nvalueOf = {'__proto__': {'polluted': 1}}"}]}`

  it('changes no object but its own, from the link to the notebook', async () => {
    catalogue.on('/proto.ipynb', text(hostile))
    await using runner = await catalogueBy(polluting)
    const get = (path: string) => runner.runner.program(path)
    const { processes, broken } = JSON.parse(await (await get('/processes')).text())
    expect(processes.map(({ id }: { id: string }) => id)).toEqual(['constructor', 'toString'])
    expect(broken).toHaveLength(2)

    const described = await (await get('/processes/constructor')).text()
    expect(JSON.parse(described).schema.properties.constructor).toMatchObject({ default: 'c' })
    for (const id of ['constructor', 'toString']) {
      expect((await get(`/processes/${id}?f=html`)).status).toBe(200)
      const names =
        id === 'constructor'
          ? 'constructor=a&toString=b&hasOwnProperty=c&valueOf={"__proto__":{"polluted":1}}'
          : 'constructor=2'
      expect((await get(`/run/notebook/${id}?${names}`)).status).toBe(303)
      for (const name of [
        '__proto__',
        '__proto__[polluted]',
        'constructor[prototype][polluted]',
        'prototype',
        '__defineGetter__',
      ]) {
        const refused = await get(`/run/notebook/${id}?${encodeURIComponent(name)}=1`)
        expect([name, refused.status]).toEqual([name, 400])
      }
    }
    expect((await get('/api')).status).toBe(200)
    expect(await runner.prepared()).toHaveLength(2)
    expect({}).not.toHaveProperty('polluted')
    expect([]).not.toHaveProperty('polluted')
    expect(Object.keys(Object.prototype)).toEqual([])
    expect(String({})).toBe('[object Object]')
  })
})

describe('a catalogue made to break', () => {
  const whole: ReadonlyArray<readonly [string, string]> = [
    ['deep', '['.repeat(200_000)],
    ['deep in an entry', `[{"id":"a","file":"a","x":${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}}]`],
    ['of millions of lists', `[${'[],'.repeat(2_500_000)}1]`],
    ['of millions of names', `[{${'"a":1,'.repeat(1_500_000)}"a":1}]`],
    [
      'of thousands of entries',
      JSON.stringify(Array.from({ length: 100_000 }, (_, id) => ({ id, file: 'x' }))),
    ],
    ['of one endless text', `["${'\\\\'.repeat(4_000_000)}"]`],
  ]
  it.each(whole)('%s is refused as a whole, in a thread of its own', async (_, file) => {
    await using compiler = new Compiler()
    const base = { kind: 'http', url: 'https://catalogue.example/c.json' } as const
    const list = compiler.catalogue(file, base).then(({ entries }) => entries)
    await expect(list.catch((error: unknown) => error)).resolves.toSatisfy(
      (result: unknown) =>
        (Array.isArray(result) && result.length === 0) ||
        (result instanceof RunnerError && result.code === 'catalogue-unavailable'),
    )
  })

  const many = <T>(count: number, make: (index: number) => T): T[] =>
    Array.from({ length: count }, (_, i) => make(i))
  const entries: ReadonlyArray<readonly [string, object]> = [
    ['inputs', { inputSpec: Object.fromEntries(many(20_000, (index) => [`i${index}`, 'text'])) }],
    [
      'pattern',
      {
        inputSpec: {
          x: { type: 'text', pattern: '^(a+)+$' },
          y: { type: 'text', pattern: '(.*)*'.repeat(90) },
        },
      },
    ],
    ['repetition', { inputSpec: { x: { type: 'text', pattern: '((a{1,1000}){1,1000}){1,1000}' } } }],
    ['choices', { inputSpec: { x: { type: 'text', enum: many(100_000, (index) => `c${index}`) } } }],
    ['texts', { title: 'x'.repeat(2e6), description: '<'.repeat(2e6), inputSpec: { x: 'text' } }],
    [
      'ends',
      {
        title: '\ud800\u2028\0\n{"level":60}\r\n',
        description: '\x1b]0;owned\x07',
        inputSpec: { x: 'text' },
      },
    ],
  ]
  it('by what is in its entries leaves the service answering', async () => {
    const list = entries.map(([id, more]) => ({ id, file: 'good.ipynb', ...more }))
    await using runner = await catalogueBy(JSON.stringify(list))
    const paths = entries.flatMap(([id]) => [
      `/processes/${id}`,
      `/processes/${id}?f=html`,
      `/run/notebook/${id}?x=${'a'.repeat(8000)}b`,
    ])
    for (const path of ['/processes', '/processes?f=html', '/api', ...paths]) {
      const took = await processorMsOf(async () => {
        const { status } = await runner.runner.program(path)
        expect(status, path).not.toBe(500)
      })
      expect(took, path).toBeLessThan(5000)
    }
    expect((await runner.runner.fetch('/livez')).status).toBe(200)
    // A line of the log is one line, whatever is in it.
    for (const line of runner.runner.log().trim().split('\n')) expect(JSON.parse(line).level).toBeLessThan(60)
    expect(runner.runner.log()).not.toContain('\x1b')
  })
})
