import type { Logger } from 'pino'
import type { Catalog } from '../catalog/catalog.ts'
import type { TokenVerifier } from '../identity/identity.ts'
import type { Health } from '../run/health.ts'
import type { PrepareRun } from '../run/prepare.ts'
import type { RunStore } from '../run/store.ts'
import type { ViewLink } from '../run/view-link.ts'
import type { LocalSession } from './local-session.ts'

/** Who may come in: one local user, or whoever brings a token of the issuer. */
export type Door =
  | { readonly kind: 'local'; readonly session: LocalSession }
  | { readonly kind: 'oidc'; readonly verifier: TokenVerifier }

/** What the routes need; made in src/context.ts. */
export interface Services {
  readonly version: string
  readonly log: Logger
  readonly basePath: string
  /** How the world calls the service, without a trailing slash. */
  readonly publicUrl: () => string
  readonly trustedProxies: readonly string[]
  readonly door: Door
  readonly catalog: Catalog
  readonly prepareRun: PrepareRun
  readonly runs: RunStore
  readonly viewLink: ViewLink
  readonly health: Health
  /** Folder of the example data that is served to notebooks; undefined with another catalogue. */
  readonly exampleData: string | undefined
  /** False where /metrics has a port of its own. */
  readonly metricsHere: boolean
}
