/**
 * Writes to the standard output, and waits until it is taken. Rejects where it can't be, as when `head` has
 * had enough.
 */
export function print(data: string | Uint8Array): Promise<void> {
  const { stdout } = process
  // The callback gets the error; as an event with nobody to listen it would end the process with a stack.
  if (stdout.listenerCount('error') === 0) stdout.on('error', () => {})
  return new Promise((resolve, reject) => {
    stdout.write(data, (error) => (error ? reject(error) : resolve()))
  })
}
