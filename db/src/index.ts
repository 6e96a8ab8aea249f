export { type Admission, admitRun, type NextRun, nextRuns } from './admission.ts'
export { type ArtifactSlice, artifactSlice } from './artifact-slice.ts'
export {
  type AuditFact,
  type AuditQuery,
  chainAudit,
  listAudit,
  recordAudit,
  tenantsToChain,
} from './audit-log.ts'
export { type ChangeScope, changeExtent, changeQueries } from './change-queries.ts'
export { cutParts, type Places, type TooLarge } from './cut-parts.ts'
export { documentsQuery } from './documents-query.ts'
export { type EcosystemQuery, ecosystemExtents } from './ecosystem-extents.ts'
export { cancelRun, type EndedRun, failRun } from './end-run.ts'
export { claimEvents, type RecordedEvent, removeEvents, tenantsWithEvents } from './event-outbox.ts'
export {
  expireDocuments,
  expireRun,
  type PrunableRun,
  type PruneCursor,
  prunableRuns,
  recordRemoved,
} from './expiry.ts'
export {
  getRun,
  getRuns,
  listRuns,
  type OpenRun,
  openRun,
  type RequestedRun,
  type RunId,
  type RunQuery,
  requestRun,
  requestRuns,
} from './export-runs.ts'
export {
  type CreatingAnswer,
  claimKey,
  firstAnswer,
  type KeyedRequest,
  recordAnswer,
  removeExpiredKeys,
} from './idempotency-keys.ts'
export {
  beginIngest,
  failIngest,
  getIngest,
  heartbeatIngest,
  type IngestId,
  type NewIngest,
  type OpenIngest,
  openIngest,
  recordIngest,
} from './ingests.ts'
export { kindExtent } from './kind-extent.ts'
export { ledgerHead } from './ledger-head.ts'
export { type LedgerPage, type LedgerPageQuery, ledgerPage } from './ledger-page.ts'
export { type LedgerState, ledgerState, listRevisions } from './ledger-revisions.ts'
export { limitStatements } from './limit-statements.ts'
export { type IngestQuery, listIngests } from './list-ingests.ts'
export { type MergedBatch, mergeIngest } from './merge-ingest.ts'
export { migrate } from './migrate.ts'
export { mirrorQuery } from './mirror-query.ts'
export { type Database, openDatabase, pingDatabase } from './open-database.ts'
export { readOverview } from './overview.ts'
export type { Page } from './page-cursor.ts'
export { awaitsParts, listParts, partId, queuedParts, requestParts } from './part-runs.ts'
export { type PlannedScope, planScope } from './plan-scope.ts'
export { getPlan, recordPlan } from './plans.ts'
export {
  createProfile,
  deleteProfile,
  getProfile,
  getProfileToChange,
  listProfiles,
  type ProfileId,
  reviseProfile,
} from './profiles.ts'
export { keepsDocuments, type Pruned } from './pruned.ts'
export { rangeQuery } from './range-query.ts'
export { type GrantedTokens, leaseTokens, type TokenQuota } from './rate-buckets.ts'
export { listShards, recordShard, shardWritten, writtenShards } from './run-shards.ts'
export { beginPlanning, beginSealing, heartbeat, sealRun } from './run-steps.ts'
export {
  beginVerification,
  endVerification,
  listVerifications,
  requestVerification,
  stalledVerifications,
  type VerificationEnd,
  type VerificationId,
} from './run-verifications.ts'
export { coverage, ingestInputs } from './scope-sources.ts'
export type { Sealed, StoredBytes } from './sealed.ts'
export type { Transaction } from './session.ts'
export {
  ingestStates,
  queuedTenants,
  runStates,
  type StalledCursor,
  type StalledQuery,
  type StalledRun,
  type StalledWork,
  stalledIngests,
  stalledRuns,
} from './stalled-work.ts'
export { strayAttempts } from './stray-attempts.ts'
export { type BucketQuery, timeBuckets } from './time-buckets.ts'
export { readTenant, withTenant } from './with-tenant.ts'
