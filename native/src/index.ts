export { buildSearch, openSearch, type WordSearch } from './advisory-search.ts'
export { askedPackage } from './asked-package.ts'
export { type AssembledParts, assembleParts } from './assemble-parts.ts'
export { besideOf } from './beside-of.ts'
export { withCancelFlag } from './cancellation.ts'
export { type CheckedMirror, checkMirror } from './check-mirror.ts'
export { type DecryptionKey, decryptMembers } from './decrypt-members.ts'
export { type EncryptRequest, encryptMembers } from './encrypt-members.ts'
export { withFileLock } from './file-lock.ts'
export { type Intake, type IntakeOptions, type IntakeSummary, openIntake, type RefusedDocument } from './intake.ts'
export { type ExportsToMerge, type MergedExports, mergeExports } from './merge-exports.ts'
export { type MergeOptions, mergeMirrors } from './merge-mirrors.ts'
export { type FoundItems, type Lookup, openLookup, type UnpackedFile, unpackBundle } from './mirror-lookup.ts'
export { type MirrorPart, type MirrorParts, readMirrorParts } from './mirror-parts.ts'
export { type BundleMember, type BundlePart, type PackedBundle, type PackRequest, packBundle } from './pack-bundle.ts'
export { packExport } from './pack-export.ts'
export { folderOfParts, readPublishedIndex } from './published-parts.ts'
export { copyMember, type MemberCopy, readMember } from './read-member.ts'
export { type ExportLocation, type ReadExport, readPublishedExport, scanExport } from './read-published-export.ts'
export {
  defaultScanLimits,
  type ScanFault,
  type ScanLimits,
  type ScannedMember,
  type ScanReport,
  scanBundle,
} from './scan-bundle.ts'
export { scanFolder } from './scan-folder.ts'
export {
  readSoundExport,
  readVerifiedExport,
  requireNoIndex,
  type SoundExport,
  type VerifiedExport,
} from './sound-export.ts'
export {
  type DatabaseOptions,
  javaDbVersions,
  trivyVersions,
  type WrittenDatabase,
  writeDatabase,
} from './write-database.ts'
export { type DocumentFilesOptions, type FetchedDocument, writeDocumentFiles } from './write-document-files.ts'
export { type DocumentsOptions, type PackMember, type WrittenPack, writeDocuments } from './write-documents.ts'
export {
  type ConnectionOptions,
  type JsonLinesOptions,
  type WithheldCredential,
  WriteProgress,
  type WrittenJsonLines,
  writeJsonLines,
} from './write-json-lines.ts'
export { type LineFilesOptions, writeLineFiles } from './write-line-files.ts'
export {
  type DeltaOptions,
  type MirrorOptions,
  type WrittenDelta,
  type WrittenMirror,
  writeDelta,
  writeMirror,
} from './write-mirror.ts'
export { zstdVersion } from './zstd-version.ts'
