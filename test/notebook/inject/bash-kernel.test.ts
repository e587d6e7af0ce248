import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parametersSource, translatorFor } from '../../../src/notebook/inject/translator.ts'
import { command, root } from '../../interpreters/interpreter.ts'
import { NASTY_VALUES } from './values.ts'

/** The kernel types what it runs into a terminal, in which some characters are keys. */
it('the Jupyter kernel of bash gives back strings that a terminal would act on', async () => {
  const texts = NASTY_VALUES.filter((value) => typeof value === 'string')
  const keys = /[\p{Cc}\p{Zl}\p{Zp}!~]/u
  const possible = texts.filter((text) => keys.test(text) && text.isWellFormed() && !text.includes('\0'))
  const translator = translatorFor({ kernelName: undefined, language: 'bash' })
  const show = 'printf "<%s>" "$(printf %s "$x" | od -An -v -tx1 | tr -d " \\n")"'
  const cells = possible.map((text) => `${parametersSource(translator, new Map([['x', text]]))}${show}`)
  const python = join(root, '.venv-oracle/bin/python')
  const driver = join(import.meta.dirname, 'bash_kernel_driver.py')
  const { stdout, stderr } = await command(python, [driver], root, JSON.stringify(cells))
  const outputs: unknown = JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
  if (!Array.isArray(outputs)) throw new Error(stderr)
  const shown = outputs.map((output) => /<([0-9a-f]*)>/.exec(String(output))?.[1] ?? String(output))
  expect(shown.map((hex) => Buffer.from(hex, 'hex').toString())).toEqual(possible)
  expect(possible.length).toBeGreaterThan(15)
})
