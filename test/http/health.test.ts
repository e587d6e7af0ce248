import Fastify from 'fastify'
import { expect, it } from 'vitest'
import { Metrics } from '../../src/http/metrics.ts'
import { healthRoutes } from '../../src/http/routes/health.ts'
import { Health, type Probes } from '../../src/run/health.ts'

const up = async () => true
const down = async () => false

it.each<readonly [string, Probes, { health: number; readyz: number }]>([
  ['all is up', { database: up, storage: up, identity: up }, { health: 200, readyz: 200 }],
  // It is down for every server: none may be taken away for it.
  ['the storage is down', { database: up, storage: down, identity: up }, { health: 503, readyz: 200 }],
  ['the database is down', { database: down, storage: up, identity: up }, { health: 503, readyz: 503 }],
  ['the keys are not there', { database: up, storage: up, identity: down }, { health: 503, readyz: 503 }],
])(
  'is alive, ready and healthy as it should be where %s, and tells each check',
  async (_what, probes, status) => {
    using health = new Health(probes)
    await health.start()
    await using app = Fastify()
    healthRoutes(app, { health, version: '0.1.0' })
    const answers = {
      health: (await app.inject('/health')).statusCode,
      readyz: (await app.inject('/readyz')).statusCode,
    }
    expect(answers).toEqual(status)
    expect((await app.inject('/livez')).statusCode).toBe(200)
    const metrics = new Metrics()
    metrics.health(() => health.checks)
    const text = await metrics.text()
    for (const [check, state] of Object.entries(health.checks))
      expect(text).toContain(`notebook_health{check="${check}"} ${state === 'up' ? 1 : 0}`)
  },
)
