/**
 * Does the work for each kernel, one after the other. One that fails, on a person's server that is away, is no reason to
 * leave the others. Throws the first failure in the end.
 */
export async function eachKernel<Kernel>(
  kernels: readonly Kernel[],
  work: (kernel: Kernel) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = []
  for (const kernel of kernels) await work(kernel).catch((error: unknown) => failures.push(error))
  if (failures.length > 0) throw failures[0]
}
