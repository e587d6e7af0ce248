/** Calls the listener once the signal is aborted, at once where it has been before. Disposing ends that. */
export function onAbort(signal: AbortSignal, listener: () => void): Disposable {
  if (signal.aborted) listener()
  signal.addEventListener('abort', listener)
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', listener) }
}
