export { type AssembledOf, assembledManifest, assembledReadme, assemblyFault } from './assembled-manifest.ts'
export { AuditChain, type AuditFault, auditHash } from './audit-chain.ts'
export {
  attemptOfKey,
  attemptPrefix,
  ingestOfUploadKey,
  runOfStagingKey,
  SEALED,
  type SealAttempt,
  STAGING,
  sealedKey,
  sealedPrefix,
  stagingPrefix,
  UPLOADS,
  uploadKey,
} from './blob-keys.ts'
export { byteOrder, inByteOrder } from './byte-order.ts'
export { canonicalJson, type Json } from './canonical-json.ts'
export { chainFiles, chainPath } from './chain-paths.ts'
export { CommandFailure, type ExitCode, exitCodes, type FailureKind } from './command-failure.ts'
export type { ScannedMember } from './compare-files.ts'
export { contentRoot } from './content-root.ts'
export { type DatabaseConnection, formatDatabaseUrl, parseDatabaseUrl } from './database-url.ts'
export { deltaBase } from './delta-base.ts'
export { dssePreAuthEncoding } from './dsse.ts'
export { isLowS, withLowS } from './ecdsa-low-s.ts'
export { cutByEcosystem, type EcosystemExtent, ecosystemsToCutBy } from './ecosystem-parts.ts'
export { effectiveFilters } from './effective-filters.ts'
export {
  encodeEncryptedFiles,
  encryptionScheme,
  type FileToDecrypt,
  filesToDecrypt,
  isEncryptedFile,
  manifestToDecrypt,
} from './encrypted-files.ts'
export type { ExportFault } from './export-fault.ts'
export {
  decodeManifest,
  encodeManifest,
  exportManifest,
  type ManifestInputs,
  type PreviousMirror,
  type RunIdentity,
} from './export-manifest.ts'
export { type BlobPart, type ExportMember, exportMembers } from './export-members.ts'
export { isGuardedUrl } from './guarded-url.ts'
export {
  encodeIndex,
  exportIndex,
  type IndexInputs,
  indexRoot,
  partFile,
  type SealedPart,
  sumOfCounts,
} from './index-document.ts'
export { inputFailure } from './input-failure.ts'
export { isSameJson } from './json-documents.ts'
export { kindsOf } from './kinds-of.ts'
export { mergePatch } from './merge-patch.ts'
export {
  isMerged,
  type MergedKindCounts,
  type MergedOf,
  mergedManifest,
  withheldAfter,
  withheldItems,
} from './merged-manifest.ts'
export { encodeMergedProvenance } from './merged-provenance.ts'
export { mergedReadme, mirrorOf } from './merged-readme.ts'
export { merkleTreeHash } from './merkle-tree.ts'
export { type ChainLink, chainFault } from './mirror-chain.ts'
export { type MirrorReadme, mirrorReadme } from './mirror-readme.ts'
export { encodeSummary } from './mirror-summary.ts'
export {
  type LayoutFile,
  MAX_OCI_BYTES,
  OCI_REFERENCE,
  type OciBlob,
  ociBlobPath,
  ociLayout,
  readOciIndex,
  readOciManifest,
} from './oci-layout.ts'
export {
  coarseParts,
  countsOf,
  cutByTime,
  type GroupExtent,
  grainOf,
  type PlannedPart,
  requireFewParts,
  type TimeBucket,
} from './parts.ts'
export {
  cutShards,
  type DeltaBase,
  type KeyRange,
  type KindExtent,
  type KindRanges,
  type Plan,
  type Scope,
  type Shard,
  wholeShard,
} from './plan.ts'
export { printable } from './printable.ts'
export { profileId } from './profile-id.ts'
export { encodeProvenance, type IngestInput, type ProvenanceInputs } from './provenance.ts'
export { publicKeyId } from './public-key-id.ts'
export type { BlobRef, PackedDocument, ShardOutput } from './shard-output.ts'
export { readSigstoreBundle, type SignedPayload, sigstoreBundle } from './sigstore-bundle.ts'
export { NOT_DOWNLOADED, trivyMetadata } from './trivy-metadata.ts'
export { unsoundExport } from './unsound-export.ts'
export { type CheckedRecords, type PublishedExport, type Verdict, verifyExport } from './verify-export.ts'
export type { ChainFiles } from './verify-merged.ts'
export {
  type IndexVerdict,
  type PublishedIndex,
  type PublishedPart,
  readExportIndex,
  verifyIndex,
  verifyIndexSignature,
} from './verify-parts.ts'
export {
  decodeSignature,
  encodeSignature,
  readPublicKey,
  type SignatureClaim,
  verifySignature,
} from './verify-signature.ts'
