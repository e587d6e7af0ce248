import { randomUUID } from 'node:crypto'
import type { Config } from '../config/config.ts'
import { RunnerError } from '../errors.ts'
import { s3Storage } from '../storage/s3.ts'
import { S3Refusal } from '../storage/s3-failure.ts'
import type { Storage, StorageScope, StoredObject } from '../storage/storage.ts'
import type { FaultCode } from './faults.ts'
import { type Finding, fault, notConcerned, ok } from './finding.ts'

type S3 = Extract<Config['storage'], { kind: 's3' }>

/** In whose name workspaces are tried. */
export interface Probe {
  readonly workspaces: readonly string[]
  readonly user: string
  /** Of a person, where the storage is opened by people's tokens. */
  readonly token: string | undefined
}

/** Each workspace's role and bucket: an object of a few bytes is put, read and deleted, where notebooks would lie. */
export async function checkStorage(settings: S3, probe: Probe): Promise<readonly Finding[]> {
  const { address, credentials, layout, bucket } = settings
  if (probe.workspaces.length === 0)
    return [notConcerned('storage', 'Name workspaces to try their role and bucket (--workspace).')]
  await using storage = s3Storage({
    ...address,
    credentials,
    layout: { kind: layout, bucket },
    encrypt: true,
  })
  if (storage.keys !== undefined && probe.token === undefined)
    return [notConcerned('storage', 'It is opened by people’s tokens: give one (--token).')]
  const { user, token } = probe
  const found: Finding[] = []
  for (const workspace of probe.workspaces) {
    const grant =
      storage.keys !== undefined && token !== undefined ? { kind: 'token' as const, token } : undefined
    found.push(await checkWorkspace(storage, { workspace, user, ...(grant !== undefined && { grant }) }))
  }
  return found
}

async function checkWorkspace(storage: Storage, scope: StorageScope): Promise<Finding> {
  const check = `storage of ${scope.workspace}`
  const bytes = Buffer.from('notebook-runner doctor')
  try {
    const object = storage.locate(scope, 'doctor', randomUUID())
    await tryPut(storage, scope, object, bytes)
    const read = await storage.get(scope, object)
    await storage.remove(scope, object)
    return bytes.equals(read)
      ? ok(check, `Bucket ${object.bucket} takes, gives and deletes an object.`)
      : fault(check, 'storage-away', `Bucket ${object.bucket} gave other bytes than it was given.`)
  } catch (error) {
    return fault(check, codeOf(error), error instanceof Error ? error.message : String(error))
  }
}

/** A storage that makes buckets as they are written to denies that where there is none; to a reader it says so. */
async function tryPut(storage: Storage, scope: StorageScope, object: StoredObject, bytes: Uint8Array) {
  try {
    await storage.putFile(scope, object, once(bytes), 'text/plain')
  } catch (denied) {
    const missing = await storage.get(scope, object).catch((error: unknown) => error)
    throw codeOf(missing) === 'bucket-missing' ? missing : denied
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

function codeOf(error: unknown): FaultCode {
  const cause = error instanceof RunnerError ? error.cause : undefined
  if (!(cause instanceof S3Refusal)) return 'storage-away'
  const { kind, action } = cause
  if (kind === 'BadKeys' || kind === 'NoKeys') return 'keys-missing'
  if (kind === 'ClockSkew') return 'clock-skew'
  if (kind === 'NoSuchBucket') return 'bucket-missing'
  if (kind === 'AccessDenied' || kind === 'ExpiredToken')
    return action.startsWith('s3:') ? 'action-denied' : 'role-refused'
  return action.startsWith('sts:') && kind !== 'NoAnswer' && kind !== 'Busy' ? 'role-refused' : 'storage-away'
}
