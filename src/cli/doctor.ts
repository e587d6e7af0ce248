import { join } from 'node:path'
import { examine } from '../doctor/examine.ts'
import { FAULTS } from '../doctor/faults.ts'
import type { Finding } from '../doctor/finding.ts'
import { RunnerError } from '../errors.ts'
import { print } from './print.ts'
import { textTable } from './text-table.ts'

const PYTHON = join(import.meta.dirname, '../../.venv/bin/python')

export interface DoctorOptions {
  readonly workspace?: readonly string[]
  readonly user: string
  readonly token?: string
  readonly json?: boolean
}

/**
 * `notebook-runner doctor`: the parts that the settings name, each tried as the service would use it, and what to do
 * for each fault. Throws `check-failed` where there is one.
 */
export async function doctor({ workspace = [], user, token, json }: DoctorOptions): Promise<void> {
  const found = await examine({ workspaces: workspace, user, token }, PYTHON)
  const faults = found.filter((finding) => finding.result === 'fault')
  if (json) {
    const all = found.map((one) => (one.result === 'fault' ? { ...one, todo: FAULTS[one.code].todo } : one))
    await print(`${JSON.stringify(all, undefined, 2)}\n`)
  } else {
    await print(textTable(['Result', 'Check', 'What was found'], found.map(rowOf)))
    for (const { check, code } of faults) await print(`\n${check} (${code}): ${FAULTS[code].todo}\n`)
  }
  if (faults.length === 0) return
  const count = faults.length === 1 ? 'One check' : `${faults.length} checks`
  throw new RunnerError('check-failed', `${count} of ${found.length} found a fault.`)
}

const WORDS = { ok: 'ok', fault: 'FAULT', 'not-concerned': '-' } as const

function rowOf({ result, check, what }: Finding): readonly string[] {
  return [WORDS[result], check, what]
}
