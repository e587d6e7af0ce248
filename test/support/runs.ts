import { v7 as uuidv7 } from 'uuid'
import type { Caller, Scope } from '../../src/identity/caller.ts'
import type { NewExecution } from '../../src/run/run.ts'

export const scopeOf = (workspace: string, subject = 's-1', user = 'alice'): Scope => ({
  issuer: 'https://id.example',
  subject,
  user,
  workspace,
})

export const callerOf = (...workspaces: string[]): Caller => ({
  issuer: 'https://id.example',
  subject: 's-2',
  user: 'bob',
  workspaces,
})

export const newExecution = (given: Partial<NewExecution> = {}): NewExecution => ({
  id: uuidv7(),
  notebookId: 'ndvi_calculation',
  notebookVersion: undefined,
  parameters: new Map(),
  kernelName: undefined,
  object: { bucket: 'workspace-a', key: 'users/alice/ndvi é/x.ipynb' },
  notebook: [Buffer.from('{"cells":'), Buffer.from('[]}')],
  limits: { cellSeconds: 60 },
  ...given,
})
