import { createHash } from 'node:crypto'

import {
  bundlePaths,
  type ExportFile,
  type ExportManifest,
  encryptedPaths,
  FRAME_BYTES,
  MAX_BUNDLE_MEMBERS,
  MAX_MANIFEST_BYTES,
  MAX_WITHHELD,
  mediaTypes,
  mirrorPaths,
  Problem,
  trivyDatabaseOf,
  trivySignaturePath,
} from '@stella/contracts'
import {
  dssePreAuthEncoding,
  encodeManifest,
  encodeProvenance,
  encodeSignature,
  encodeSummary,
  exportManifest,
  type Plan,
  type RunIdentity,
  type ShardOutput,
  sigstoreBundle,
} from '@stella/core'
import { javaDbVersions, trivyVersions, zstdVersion } from '@stella/native'

import type { HashedMember } from './hash-members.ts'
import { mirrorSchemas } from './mirror-schemas.ts'
import type { SealDeps } from './seal-step.ts'

/** A document that sealing writes, with its identity. */
export interface SealedDocument {
  readonly path: string
  readonly bytes: Buffer
  readonly sha256: string
}

/** What the documents are made of. */
export interface DocumentInputs {
  readonly plan: Plan
  readonly shards: readonly ShardOutput[]
  readonly members: readonly HashedMember[]
  readonly identity: RunIdentity
}

/** What sealing wrote, and the digest of all data files. */
export interface SealedDocuments {
  readonly documents: readonly SealedDocument[]
  readonly contentRoot: string
}

/**
 * Manifest, provenance and their signatures. Only the signatures differ between two calls with equal inputs.
 * @throws `plan/too-large` · `record/too-many-credentials` where a verifier would refuse what is made · `kms/refused`
 */
export async function sealedDocuments(
  deps: SealDeps,
  { plan, shards, members, identity }: DocumentInputs,
): Promise<SealedDocuments> {
  const given = await deps.evidence.sources(plan)
  const files: ExportFile[] = members.map(({ path, sizeBytes, sha256 }) => ({ path, size: sizeBytes, sha256 }))
  const compression = { library: `zstd ${zstdVersion()}`, frameBytes: FRAME_BYTES }
  const schemas = schemasOf(plan.profile, deps.mappings)
  const value = exportManifest({ plan, run: identity, shards, files, coverage: given.coverage, schemas, compression })
  const manifest = sealedDocument(bundlePaths.manifest, encodeManifest(value))
  requireWithinLimits(value, manifest)
  const subjects = [{ path: manifest.path, size: manifest.bytes.length, sha256: manifest.sha256 }, ...files]
  const statement = encodeProvenance({
    plan,
    run: identity,
    files: subjects,
    inputs: given.inputs,
    omittedInputs: given.omitted,
    builderVersion: deps.builderVersion,
  })
  const signed = [
    ...(await signatures(deps, manifest.bytes, statement)),
    ...(await signedDatabase(deps, plan, members)),
    ...(await signedSummary(deps, value)),
  ]
  const documents = [manifest, sealedDocument(bundlePaths.provenance, statement), ...signed]
  return { documents, contentRoot: value.content.content_root }
}

function requireWithinLimits({ content }: ExportManifest, { bytes }: SealedDocument): void {
  if (content.withheld.length > MAX_WITHHELD) {
    throw new Problem(
      'record/too-many-credentials',
      `the export holds more than ${MAX_WITHHELD} credentials: look at its sources`,
    )
  }
  const documents = [bundlePaths, mirrorPaths, encryptedPaths].flatMap((paths) => Object.keys(paths)).length
  if (content.files.length + documents > MAX_BUNDLE_MEMBERS || bytes.length > MAX_MANIFEST_BYTES) {
    throw new Problem(
      'plan/too-large',
      `the export has ${content.files.length} files, too many for one bundle: narrow its filters`,
    )
  }
}

async function signatures({ kms }: SealDeps, manifest: Buffer, payload: Buffer): Promise<SealedDocument[]> {
  const ofManifest = await kms.sign(manifest)
  const ofStatement = await kms.sign(dssePreAuthEncoding(mediaTypes.inToto, payload))
  const { keyId, signature } = ofStatement
  return [
    sealedDocument(bundlePaths.signature, Buffer.from(encodeSignature(ofManifest.signature))),
    sealedDocument(
      bundlePaths.provenanceBundle,
      sigstoreBundle({ payload, payloadType: mediaTypes.inToto, keyId, signature }),
    ),
  ]
}

/** The forms that records had, and what a database was made by. */
function schemasOf({ kind, variant }: Plan['profile'], mappings: SealDeps['mappings']) {
  const { advisory, vex, sbom, jar } = mappings
  if (kind === 'mirror') return mirrorSchemas(mappings)
  if (kind !== 'trivy') return { advisory: advisory.id, vex: vex.id, sbom: 'as-received' }
  if (variant === 'java-db') return { sbom: sbom.id, jar: jar.id, ...javaDbVersions() }
  return { advisory: advisory.id, ...trivyVersions() }
}

/** The signature of a database by itself; none where there is no database. */
async function signedDatabase(
  { kms, blobs }: SealDeps,
  { profile }: Plan,
  members: readonly HashedMember[],
): Promise<SealedDocument[]> {
  const database = members.find(({ path }) => path === trivyDatabaseOf(profile)?.path)
  if (!database) return []
  async function* bytes() {
    for (const { blob, offset, sizeBytes } of database?.parts ?? [])
      yield* await blobs.read({ ...blob, start: offset, end: offset + sizeBytes })
  }
  const { signature } = await kms.sign(bytes())
  return [sealedDocument(trivySignaturePath, Buffer.from(encodeSignature(signature)))]
}

/** What a mirror says of itself to people, with a signature of its own; nothing of any other export. */
async function signedSummary({ kms }: SealDeps, manifest: ExportManifest): Promise<SealedDocument[]> {
  if (!manifest.content.mirror) return []
  const summary = encodeSummary(manifest)
  const { signature } = await kms.sign(summary)
  return [
    sealedDocument(mirrorPaths.summary, summary),
    sealedDocument(mirrorPaths.summarySignature, Buffer.from(encodeSignature(signature))),
  ]
}

/** A document with its digest. */
export function sealedDocument(path: string, bytes: Buffer): SealedDocument {
  return { path, bytes, sha256: createHash('sha256').update(bytes).digest('hex') }
}
