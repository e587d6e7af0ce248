import type { Logger } from 'pino'
import type { Catalog } from '../catalog/catalog.ts'
import type { Previews } from '../catalog/previews.ts'
import type { Caller } from '../identity/caller.ts'
import type { DeviceIssuer } from '../identity/device-client.ts'
import type { TokenVerifier } from '../identity/identity.ts'
import type { EndedSession } from '../identity/logout-token.ts'
import type { SignIn } from '../identity/sign-in.ts'
import type { Kernelspec } from '../kernel/kernel-host.ts'
import type { AcceptRun } from '../run/accept.ts'
import type { Sweeps } from '../run/accept-sweep.ts'
import type { BatchStore } from '../run/batch.ts'
import type { NumberedEvent } from '../run/event.ts'
import type { RunEvents } from '../run/events.ts'
import type { FileStore } from '../run/file-store.ts'
import type { Health } from '../run/health.ts'
import type { HistoryFilter, HistoryPage, HistoryRequest } from '../run/history.ts'
import type { KeptKernel } from '../run/kept-kernel.ts'
import type { ComeBack } from '../run/kept-notebook.ts'
import type { LimitChoice } from '../run/limits.ts'
import type { PlanRun } from '../run/plan.ts'
import type { PrepareRun } from '../run/prepare.ts'
import type { PurgeRun } from '../run/purge.ts'
import type { RunQueue } from '../run/queue.ts'
import type { Repeats } from '../run/repeat.ts'
import type { RunCells } from '../run/run-cells.ts'
import type { LastRun } from '../run/run-times.ts'
import type { ScrapStore } from '../run/scrap-store.ts'
import type { RunStore } from '../run/store.ts'
import type { FindThumbnail } from '../run/thumbnail.ts'
import type { ViewLink } from '../run/view-link.ts'
import type { Storage, StoredObject } from '../storage/storage.ts'
import type { Tracing } from '../tracing/tracing.ts'
import type { ForwardedToken } from './forwarded-token.ts'
import type { LocalSession } from './local-session.ts'
import type { PersonLimits } from './person-limits.ts'
import type { WebBuild } from './web-build.ts'

/** Who may come in: one local user, or whoever brings a token of the issuer (or of JupyterHub) or signs in there. */
export type Door = { readonly limits: PersonLimits; readonly tracing: Tracing | undefined } & (
  | { readonly kind: 'local'; readonly session: LocalSession }
  | {
      readonly kind: 'tokens'
      /** Words before a token, in lower case: `bearer`, and for JupyterHub `token`. */
      readonly schemes: readonly string[]
      readonly verifier: TokenVerifier
      readonly forwardedToken: ForwardedToken
      /** Where commands sign in; undefined where they can't. */
      readonly device: DeviceIssuer | undefined
      /** Undefined where nobody signs in here. */
      readonly browser: BrowserDoor | undefined
    }
)

/** Sign-in in a browser. */
export interface BrowserDoor {
  readonly signIn: SignIn
  /** What the issuer says is over. Throws `invalid-request` and `identity-unavailable`. Undefined where it never says so. */
  readonly readLogoutToken: ((token: string) => Promise<EndedSession>) | undefined
  /** How the world calls the service, without a trailing slash. */
  readonly publicUrl: () => string
}

/** What the routes need; made in src/context.ts. */
export interface Services {
  readonly version: string
  readonly log: Logger
  readonly tracing: Tracing | undefined
  readonly basePath: string
  /** How the world calls the service, without a trailing slash. */
  readonly publicUrl: () => string
  readonly trustedProxies: readonly string[]
  /** Of the JupyterHub whose pages list the notebooks; undefined where there is none. */
  readonly hubOrigin: string | undefined
  readonly door: Door
  readonly catalog: Catalog
  /** Undefined where there are no kernels. */
  readonly limits: LimitChoice | undefined
  readonly prepareRun: PrepareRun
  /** Undefined where there are no kernels. */
  readonly acceptRun: AcceptRun | undefined
  /** Undefined where there are no kernels. */
  readonly sweeps: Sweeps | undefined
  /** Undefined where there are no kernels. */
  readonly repeats: Repeats | undefined
  readonly runs: RunStore
  readonly events: RunEvents
  /** Cells and outputs, some at a time. */
  readonly cells: RunCells
  readonly runLog: (caller: Caller, runId: string) => Promise<readonly NumberedEvent[]>
  readonly queue: RunQueue
  readonly batches: BatchStore
  readonly history: (caller: Caller, filter: HistoryFilter, page: HistoryRequest) => Promise<HistoryPage>
  readonly files: FileStore
  readonly thumbnail: FindThumbnail
  readonly scraps: ScrapStore
  readonly purgeRun: PurgeRun
  readonly planRun: PlanRun
  readonly previews: Previews
  readonly lastRuns: (caller: Caller, notebookIds: readonly string[]) => Promise<readonly LastRun[]>
  /** Undefined where there are no kernels. */
  readonly kernelspecs:
    | ((caller: Caller, workspace: string | undefined, signal: AbortSignal) => Promise<readonly Kernelspec[]>)
    | undefined
  readonly storage: Storage
  readonly comeBack: ComeBack
  /** What could not be stored of a run; undefined where there is no such. */
  readonly keptNotebook: (caller: Caller, runId: string) => Promise<Uint8Array | undefined>
  readonly viewLink: ViewLink
  readonly keptKernels: {
    find(caller: Caller, runId: string): Promise<KeptKernel | undefined>
    /** The link that shows the notebook on it in JupyterLab; undefined where that cannot be or it is gone. */
    open(kernel: KeptKernel, notebook: StoredObject): Promise<string | undefined>
    /** Whether `open` is possible at all. */
    readonly canOpen: boolean
  }
  readonly health: Health
  readonly web: WebBuild
  /** Folder of the example data that is served to notebooks; undefined with another catalogue. */
  readonly exampleData: string | undefined
  /** False where /metrics has a port of its own. */
  readonly metricsHere: boolean
}
