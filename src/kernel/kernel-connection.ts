import type { JsonObject } from '../notebook/json.ts'

/** A message of a kernel, its content lossless (numbers as written). https://jupyter-client.readthedocs.io/en/stable/messaging.html */
export interface KernelMessage {
  readonly kind: 'message'
  readonly channel: 'iopub' | 'shell' | 'stdin'
  /** `msg_type` of the header. */
  readonly type: string
  /** `msg_id` of the parent header: which request it belongs to. */
  readonly parentId: string | undefined
  /** ISO 8601 date of the header, as the kernel wrote it. */
  readonly date: string | undefined
  readonly content: JsonObject
  readonly metadata: JsonObject
  readonly buffers: readonly Uint8Array[]
  /** Why a part of it could not be read; that part is empty then. */
  readonly unread?: string
}

/** What happens to a kernel or to the way to it, in the order in which it happened. */
export type KernelEvent =
  | KernelMessage
  /** The kernel died, or its server restarted it: what was in it is gone. */
  | { readonly kind: 'died' }
  /** The way to the kernel broke; the connection is of no further use. Join again with the same client id. */
  | { readonly kind: 'disconnected'; readonly reason: string }

export interface ExecuteRequest {
  /** Chosen by the caller, so that it can be recorded before it is sent. */
  readonly messageId: string
  readonly code: string
  readonly silent: boolean
  readonly storeHistory: boolean
  readonly stopOnError: boolean
}

export interface KernelConnection extends AsyncDisposable {
  readonly kernelId: string
  readonly clientId: string
  /**
   * The kernel's own session in the last reply to `info`. Another one than before a break means that the kernel was
   * started anew in between, under the same id: what was in it is gone.
   */
  readonly kernelSession: string | undefined
  /** Sends an execute_request (`allow_stdin` false). Throws `kernel-host-failed` when the way is known to be broken. */
  execute(request: ExecuteRequest): void
  /**
   * kernel_info_request and its reply's content. Also a barrier: by then, whoever reads `events` has been given
   * everything of the requests before, replies and outputs; so don't wait for it instead of reading on. Throws
   * `kernel-gone` when the kernel dies meanwhile.
   */
  info(signal: AbortSignal): Promise<JsonObject>
  /**
   * Everything since the connection was opened (and what was replayed on joining again), once: a later reader goes on
   * where the one before stopped. Ends after `disconnected` or disposal. What is not read is held up on its way, so
   * that nothing piles up in memory.
   */
  events(): AsyncIterable<KernelEvent>
  /** Closes the way in good order: what has come until then is still to be read, up to `disconnected`. */
  hangUp(): Promise<void>
}
