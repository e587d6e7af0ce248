import type { KernelConnection } from './kernel-connection.ts'

export interface Kernelspec {
  readonly name: string
  readonly displayName: string
  readonly language: string
}

export interface KernelStart {
  readonly kernelName: string
  /** The kernel's working directory: below the root of a server, absolute for the direct host. Made if missing. */
  readonly folder: string
  /** Added to the kernel's environment where the host can (capability `environment`). */
  readonly environment: Readonly<Record<string, string>>
  /** What whom it is for may like to read while it is waited for. */
  readonly tell?: (text: string) => void
}

/** Why a kernel died, as far as its host has evidence: it took more than it may have, or the machine had no more. */
export type CauseOfDeath = 'memory-limit' | 'machine-memory'

/** Where kernels run. One contract test for all (test/kernel/host-contract.ts). Errors are `kernel-host-failed`. */
export interface KernelHost extends AsyncDisposable {
  readonly kind: 'server' | 'direct' | 'hub'
  /** What this host can do that others can't. `readopts`: a kernel outlives our process and can be joined again. */
  readonly capabilities: ReadonlySet<'readopts' | 'environment'>
  /** How long one that starts, or that does not answer, is worth waiting for. */
  readonly patienceMs: number
  kernelspecs(
    signal: AbortSignal,
    /** As in `KernelStart`: where a host has several servers, it says in which. */
    folder?: string,
  ): Promise<{ readonly default: string; readonly kernelspecs: readonly Kernelspec[] }>
  /** Starts a bare kernel (no session on any path) and returns its id. Throws `no-such-kernel` naming the nearest. */
  start(start: KernelStart, signal: AbortSignal): Promise<string>
  /**
   * Opens the channels under a client id. The same client id again gets what was sent meanwhile (Jupyter Server keeps
   * it); a second connection under it closes the first. Throws `kernel-gone` where there is no such kernel.
   */
  connect(kernelId: string, clientId: string, signal: AbortSignal): Promise<KernelConnection>
  interrupt(kernelId: string): Promise<void>
  /** Ends it, by force if need be; one that is gone already is fine. */
  shutdown(kernelId: string): Promise<void>
  /** Asked once it has died. Undefined where that is not known. Never throws. */
  causeOfDeath(kernelId: string, signal: AbortSignal): Promise<CauseOfDeath | undefined>
  /** False only when the host says that it is gone (`kernel-gone` where it says why); a host that does not answer throws. */
  exists(kernelId: string, signal: AbortSignal): Promise<boolean>
}
