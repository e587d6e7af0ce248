import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { RUNNER_SCOPES } from '../support/hub.ts'

const Values = Type.Object({
  hub: Type.Object({
    allowNamedServers: Type.Literal(true),
    services: Type.Record(Type.String(), Type.Object({ display: Type.Literal(false) })),
    loadRoles: Type.Record(
      Type.String(),
      Type.Object({ services: Type.Optional(Type.Array(Type.String())), scopes: Type.Array(Type.String()) }),
    ),
  }),
})

it('the hub’s values give the runner the scopes that it is tested with, and no others', async () => {
  const text = await readFile(join(import.meta.dirname, '../../deploy/jupyterhub/values.yaml'), 'utf8')
  const { hub } = Value.Parse(Values, parse(text))
  const services = Object.keys(hub.services)
  expect(services).toEqual(['notebook-runner'])
  expect(hub.loadRoles).toEqual({
    'notebook-runner': expect.objectContaining({ services, scopes: RUNNER_SCOPES }),
    user: { scopes: ['self', 'access:services!service=notebook-runner'] },
  })
})
