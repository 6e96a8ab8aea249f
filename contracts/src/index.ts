export { type BundleUrl, bundleUrl } from './bundle-url.ts'
export {
  type Answer,
  type Asked,
  type ByteBody,
  type Content,
  type Endpoint,
  isJsonBody,
  type JsonBody,
} from './endpoints/endpoint.ts'
export { problemsOf } from './endpoints/problems-of.ts'
export { type EndpointName, endpoints } from './endpoints.ts'
export { type RunEvent, runEvent } from './events.ts'
export {
  bundlePaths,
  type Coverage,
  coverage,
  type ExportContent,
  type ExportFile,
  type ExportManifest,
  exportContent,
  exportFile,
  exportManifest,
  type Withheld,
  withheld,
} from './export-manifest.ts'
export { type Filters, filters, kindOfGroup, type RecordGroup, type RecordKind, recordGroups } from './filters.ts'
export {
  type ExportIndex,
  exportIndex,
  type IndexContent,
  type IndexedPart,
  indexContent,
  indexedPart,
  indexPaths,
} from './index-document.ts'
export {
  type Ingest,
  type IngestSummary,
  ingest,
  ingestQuery,
  ingestStates,
  ingestSummary,
  type NotHeld,
  notHeld,
  type RefusedDocument,
  refusedDocument,
} from './ingest.ts'
export { instant } from './instant.ts'
export { type Job, type JobMessage, type JobStep, jobs } from './jobs.ts'
export { jsonSchemas } from './json-schemas.ts'
export { type PublicKey, publicKey, publicKeys } from './keys.ts'
export {
  extentRequest,
  type LedgerEnd,
  type LedgerExtent,
  type LedgerLineHead,
  type LedgerQuery,
  type LedgerRevision,
  type LedgerSources,
  ledgerEnd,
  ledgerExtent,
  ledgerId,
  ledgerLine,
  ledgerLineHead,
  ledgerQuery,
  ledgerRevision,
  ledgerSources,
  type RecordsRequest,
  recordsRequest,
  sourcesRequest,
} from './ledger.ts'
export {
  ARTIFACT_SLICE_BYTES,
  BUS_PUBLISH_MS,
  CANCEL_POLL_MS,
  DATABASE_CONNECT_MS,
  DEFAULT_PAGE_ROWS,
  DEVELOPMENT_TOKEN_SECONDS,
  FRAME_BYTES,
  IDEMPOTENCY_KEY_MS,
  IDLE_CONNECTION_MS,
  JOB_ACK_WAIT_MS,
  JOB_HEARTBEAT_MS,
  JOB_RETRY_MAX_MS,
  JOB_RETRY_MS,
  LOST_JOB_MS,
  MAX_BUNDLE_MEMBERS,
  MAX_CONCURRENT_RUNS,
  MAX_CURSOR_CHARS,
  MAX_DISCARDED_BODY_BYTES,
  MAX_DOCUMENT_BYTES,
  MAX_DOCUMENT_DEPTH,
  MAX_DOWNLOAD_ATTEMPTS,
  MAX_EVENTS,
  MAX_EVENTS_BYTES,
  MAX_EXTENT_RANGE_RECORDS,
  MAX_FAULTS,
  MAX_FILTER_VALUE_CHARS,
  MAX_FILTER_VALUES,
  MAX_IDEMPOTENCY_KEY_CHARS,
  MAX_INGEST_FILES,
  MAX_JOB_DELIVERIES,
  MAX_JSON_BODY_BYTES,
  MAX_LEDGER_STREAMS,
  MAX_MANIFEST_BYTES,
  MAX_MEMBER_BYTES,
  MAX_NOT_HELD_PATHS,
  MAX_PAGE_ROWS,
  MAX_PART_BYTES,
  MAX_PARTS,
  MAX_PROVENANCE_INPUTS,
  MAX_RATE,
  MAX_RATE_LEASES,
  MAX_RECORD_KEY_CHARS,
  MAX_REFUSED_DOCUMENTS,
  MAX_RETENTION_DAYS,
  MAX_SHARDS,
  MAX_SIGNATURE_BYTES,
  MAX_STREAM_RECORDS,
  MAX_TENANT_LEDGER_STREAMS,
  MAX_UPLOAD_BYTES,
  MAX_WAIT_MS,
  MAX_WITHHELD,
  MIN_EXTENT_RANGE_RECORDS,
  MIN_PART_BYTES,
  PRESIGNED_URL_SECONDS,
  PROFILE_CONCURRENT_RUNS,
  PROFILE_RUNS,
  PRUNE_RUNS,
  RANGE_RECORDS,
  RATE_LEASE_MS,
  RATE_LEASE_PARTS,
  RATE_WINDOW_SECONDS,
  S3_ATTEMPTS,
  S3_CONNECT_MS,
  S3_IDLE_MS,
  S3_MAX_PARTS,
  S3_PART_BYTES,
  S3_PARTS_IN_FLIGHT,
  S3_READ_RESUMES,
  S3_UPLOAD_SWEEP_MS,
  SCRATCH_MAX_AGE_MS,
  SHARD_DOCUMENTS,
  SHARD_RANGES,
  STREAM_PAGE_BYTES,
  STREAM_PAGE_RECORDS,
  SWEEP_MS,
  TENANT_CONCURRENT_RUNS,
  TENANT_REQUESTS,
  TOKEN_CLOCK_TOLERANCE_SECONDS,
  UNCLAIMED_UPLOAD_MS,
} from './limits.ts'
export { mediaTypes } from './media-types.ts'
export { openApi } from './openapi/openapi.ts'
export { pageOf, pageQuery } from './page.ts'
export { isProblemCode, Problem, type ProblemCode, problems, toProblem } from './problem.ts'
export { type ProblemBody, problemBody } from './problem-body.ts'
export {
  DEFAULT_COMPRESSION_LEVEL,
  type NewProfile,
  newProfile,
  type Profile,
  type ProfileConfig,
  profile,
  profileConfig,
  profileKinds,
  profilePatch,
} from './profile.ts'
export { resourceId } from './resource-id.ts'
export { DEFAULT_DATA_DAYS, DEFAULT_DOCUMENTS_DAYS, type Retention, retention } from './retention.ts'
export { grants, type Role, roles } from './roles.ts'
export {
  finalRunStates,
  isFinal,
  type NewRun,
  newRun,
  type Run,
  type RunCounts,
  type RunState,
  run,
  runCounts,
  runStates,
} from './run.ts'
export { type RunLimits, runLimitSettings, runLimits } from './run-limits.ts'
export { readSettings } from './settings.ts'
export { type Sharding, sharding } from './sharding.ts'
export { type SignatureFiles, signatureFiles } from './signatures.ts'
export { tenantId } from './tenant.ts'
