import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** The metrics of one server. Names of the first design stay; `endpoint` is the route's template, so labels are bounded. */
export class Metrics {
  readonly registry = new Registry()
  readonly #requests = new Counter({
    name: 'notebook_requests_total',
    help: 'Requests by method and route',
    labelNames: ['method', 'endpoint'] as const,
    registers: [this.registry],
  })
  readonly #duration = new Histogram({
    name: 'notebook_request_duration_seconds',
    help: 'Time from request to answer by route',
    labelNames: ['method', 'endpoint'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [this.registry],
  })
  readonly #responses = new Counter({
    name: 'notebook_responses_total',
    help: 'Answers by method, route and status',
    labelNames: ['method', 'endpoint', 'status'] as const,
    registers: [this.registry],
  })

  readonly #watchers = new Gauge({
    name: 'notebook_event_watchers',
    help: 'Who watches the events of a run at the moment',
    registers: [this.registry],
  })

  readonly #lag = new Histogram({
    name: 'notebook_event_lag_seconds',
    help: 'From when an event was kept, by the clock of the database, until it was sent to who watches',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [this.registry],
  })

  constructor() {
    collectDefaultMetrics({ register: this.registry })
  }

  /** Shows each check of the health, as it is at a scrape. */
  health(checks: () => Readonly<Record<string, 'up' | 'down'>>): void {
    new Gauge({
      name: 'notebook_health',
      help: 'What the service needs, by check: 1 up, 0 down',
      labelNames: ['check'],
      registers: [this.registry],
      collect() {
        for (const [check, state] of Object.entries(checks())) this.set({ check }, state === 'up' ? 1 : 0)
      },
    })
  }

  /** @param seconds from request to answer */
  observe(method: string, endpoint: string, status: number, seconds: number): void {
    this.#requests.inc({ method, endpoint })
    this.#duration.observe({ method, endpoint }, seconds)
    this.#responses.inc({ method, endpoint, status })
  }

  /** An event was sent to who watches, so long after it was kept. */
  sentEvent(seconds: number): void {
    this.#lag.observe(Math.max(0, seconds))
  }

  /** Somebody watches the events of a run, until disposed of. */
  watching(): Disposable {
    this.#watchers.inc()
    return { [Symbol.dispose]: () => this.#watchers.dec() }
  }

  /** The exposition in Prometheus' text format. */
  async text(): Promise<string> {
    return this.registry.metrics()
  }
}
