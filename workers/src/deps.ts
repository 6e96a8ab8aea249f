import type { Blobs, Bus, Kms, Metrics, WrappingKms } from '@stella/adapters'
import type { RecordKind, RunLimits } from '@stella/contracts'
import type { Database, Transaction } from '@stella/db'

import type { Evidence } from './evidence/evidence.ts'

/** One line of the log: never a secret, never a record's text. */
export type Log = (entry: { readonly message: string; readonly [field: string]: unknown }) => void

/** An allow-list as the native writer takes it: JSON text of `contracts/mappings`, and the id that manifests name. */
export interface Mapping {
  readonly id: string
  readonly json: string
}

/** Everything that the steps use; each takes a part of it. */
export interface WorkerDeps {
  readonly database: Database
  /** Runs work in a transaction that sees one tenant only. */
  readonly inTenant: <T>(tenantId: string, work: (tx: Transaction) => Promise<T>) => Promise<T>
  readonly evidence: Evidence
  readonly blobs: Blobs
  readonly bus: Bus
  readonly kms: Kms
  /** The KMS whose keys encrypt mirrors; null where the installation has none. */
  readonly wrappingKms: WrappingKms | null
  readonly mappings: Readonly<Record<RecordKind, Mapping>>
  /** Threads that read one shard at a time. */
  readonly readers: number
  readonly runLimits: RunLimits
  readonly builderVersion: string
  readonly metrics: Pick<Metrics, 'runSealed' | 'runFailed' | 'verifyFailed'>
  readonly now: () => Date
  readonly newId: () => string
  readonly log: Log
}
