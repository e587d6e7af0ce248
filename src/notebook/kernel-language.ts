const BY_NAME: ReadonlyArray<readonly [RegExp, string]> = [
  [/^(python|pypy|conda-env-.*-py$|xpython)/, 'python'],
  [/^(ir|xr|conda-env-.*-r)$/, 'R'],
  [/^julia/, 'julia'],
  [/^(scala|almond)/, 'scala'],
  [/^(matlab|imatlab|jupyter_matlab)/, 'matlab'],
  [/^bash/, 'bash'],
  [/^\.net-csharp$/, 'C#'],
  [/^\.net-fsharp$/, 'F#'],
  [/^\.net-(powershell|pwsh)$/, 'PowerShell'],
]

/**
 * The language of a kernel by the names that kernels are installed under, as `language_info.name` has it; undefined
 * for a name that says nothing. Without the server that has the kernel, its name is all there is.
 */
export function languageOfKernel(name: string): string | undefined {
  return BY_NAME.find(([pattern]) => pattern.test(name.toLowerCase()))?.[1]
}
