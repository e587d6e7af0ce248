import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { serverOf, viewServerOf } from '../../src/kernel/server-name.ts'

const ID = '01890a5d-ac96-774b-bcce-b302099a8057'
/** JupyterHub 6. */
const NAME = /^[a-z][a-z0-9-]{0,29}$/

const workspace = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)

describe('the name of a person’s server', () => {
  it('is by the strategy', () => {
    const run = { id: ID, workspace: 'coast' }
    expect(serverOf('default', run)).toBe('')
    expect(serverOf('workspace', run)).toBe('coast')
    expect(serverOf('fresh', run)).toBe('run-bcceb302099a8057')
    expect([viewServerOf('default', 'coast'), viewServerOf('fresh', 'coast')]).toEqual(['', 'coast'])
  })

  it('is short, plain and of one workspace alone', () => {
    fc.assert(
      fc.property(workspace, workspace, (one, other) => {
        const [first, second] = [one, other].map((name) => viewServerOf('workspace', name))
        expect(first).toMatch(NAME)
        expect(first === second).toBe(one === other)
        // Not even one that is called as a hashed one is.
        if (first !== one) expect(viewServerOf('workspace', first ?? '')).not.toBe(first)
      }),
    )
    expect(viewServerOf('workspace', '3d-models')).toMatch(/^w3d-models-[0-9a-f]{8}$/)
    expect(viewServerOf('workspace', 'a'.repeat(63))).toMatch(/^a{21}-[0-9a-f]{8}$/)
  })
})
