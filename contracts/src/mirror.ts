import { z } from 'zod'

import { compression, profileBlock, withheld } from './export-parts.ts'
import { ledgerId } from './ledger-id.ts'
import { runCounts } from './run.ts'

const DEFAULT_VALIDITY_DAYS = 30
const MAX_VALIDITY_DAYS = 3650

/** Memory for sorting what indexes a mirror, in bytes. */
export const MIRROR_SORT_BYTES = 96 * 1024 * 1024

/** Most layers of one manifest of a mirror's OCI layout: registries take manifests of 4 MiB. */
export const MAX_LAYERS = 4096

/** What a profile of kind `mirror` may say besides. */
export const mirrorConfig = z.strictObject({
  /** Days after the ledger revision's time until which the mirror counts as new. */
  validity_days: z.int().min(1).max(MAX_VALIDITY_DAYS).default(DEFAULT_VALIDITY_DAYS),
})

/** Kinds of evidence that a mirror has a place for, and that no ledger holds yet. */
export const absentParts = ['policy', 'consensus'] as const

/** `sha256:` and the digest of a mirror's state. */
export const stateRoot = z.string().regex(/^sha256:[0-9a-f]{64}$/)

/** What a manifest says of a mirror besides: equal plans give equal values. Source: docs/formats/mirror.md. */
export const mirrorContent = z.strictObject({
  /** The ledger that was read, whatever its address. */
  ledger: ledgerId,
  /** Higher in a later mirror of the same ledger: the revision that was read. */
  generation: z.int().min(0),
  /** From then on it counts as stale. */
  valid_until: z.iso.datetime(),
  /** Digest of all records and documents, which a delta can be told from: 2,048 bytes in base64, and the SHA-256 over them. */
  state: z.string().regex(/^[A-Za-z0-9+/]{2731}=$/),
  state_root: stateRoot,
  absent: z.array(z.enum(absentParts)),
})
/** What a manifest says of a mirror besides. */
export type MirrorContent = z.infer<typeof mirrorContent>

/** The mirror of the same profile that had succeeded last when one was sealed. */
export const previousMirror = z.strictObject({ id: z.string(), content_root: stateRoot })

const changes = z.strictObject({ added: z.int().min(0), changed: z.int().min(0), removed: z.int().min(0) })
/** How many records of a kind a delta adds, changes and takes away. */
export type Changes = z.infer<typeof changes>

/** What a manifest says of a delta besides; `mirror` is then of what applying it makes. */
export const deltaContent = z.strictObject({
  /** The export that it is for: a mirror, or a delta that another one is made by. */
  base: z.strictObject({
    export_id: z.string(),
    /** Of a mirror; null of a delta, which states `state_root` of the mirror that it makes. */
    content_root: stateRoot.nullable(),
    ledger_revision: z.int().min(0),
    state_root: stateRoot,
  }),
  changes: z.strictObject({ advisories: changes.optional(), vex: changes.optional(), sboms: changes.optional() }),
  /** What the manifest of the mirror says that applying the delta makes, where that is not what this manifest says. */
  target: z.strictObject({ profile: profileBlock, compression, counts: runCounts }),
  /** Entries of `withheld` of the base that are none any more. */
  no_longer_withheld: z.array(withheld),
})
/** What a manifest says of a delta besides. */
export type DeltaContent = z.infer<typeof deltaContent>

/** Paths of a mirror that are not among the `files` of its manifest. */
export const mirrorPaths = { summary: 'manifest.yaml', summarySignature: 'signatures/manifest.sig' } as const
/** For the person who is handed a mirror. */
export const mirrorReadmePath = 'README.md'

/** Media types and the annotation of an OCI layout of a mirror (image specification 1.1). */
export const ociTypes = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  empty: 'application/vnd.oci.empty.v1+json',
  artifact: 'application/vnd.stella.mirror.v1',
  title: 'org.opencontainers.image.title',
} as const

const described = z.object({ digest: z.string().regex(/^sha256:[0-9a-f]{64}$/), size: z.int().min(0) })
/** An index of such a layout, as far as it is read: other tools may add members, and name the manifests of an index beside it. */
export const ociIndex = z.object({ manifests: z.array(described.extend({ mediaType: z.string() })).max(MAX_LAYERS) })
/** A manifest of such a layout, as far as it is read. */
export const ociManifest = z.object({
  artifactType: z.literal(ociTypes.artifact),
  layers: z.array(described.extend({ annotations: z.object({ [ociTypes.title]: z.string() }) })).max(MAX_LAYERS),
})
