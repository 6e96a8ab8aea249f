import { createHash } from 'node:crypto'

import {
  type ExportFile,
  type ExportManifest,
  MAX_LAYERS,
  ociIndex,
  ociManifest,
  ociTypes,
  Problem,
} from '@stella/contracts'

import { inByteOrder } from './byte-order.ts'
import { canonicalJson, type Json } from './canonical-json.ts'

const { index: INDEX, manifest: MANIFEST, empty: EMPTY, artifact: ARTIFACT, title: TITLE } = ociTypes
/** Largest index or manifest of a layout, in bytes: registries take 4 MiB. */
export const MAX_OCI_BYTES = 4 * 1024 * 1024
/** Name by which the layout's index is found. */
export const OCI_REFERENCE = 'mirror'

/** A file of a layout that is not a file of the mirror, by its path in the layout. */
export interface LayoutFile {
  readonly path: string
  readonly bytes: Buffer
}

const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** Path of a blob in a layout. */
export function ociBlobPath(sha256: string): string {
  return `blobs/sha256/${sha256}`
}

/**
 * The files of an OCI image layout (image specification 1.1) beside the blobs of a mirror's files: an artifact manifest for each folder of the
 * mirror, several for one of over `MAX_LAYERS` files, and an index over them, which has the reference name `mirror`. A file is a layer, titled by its path. Derived from
 * the manifest and the files alone, so that files which two mirrors share are blobs which they share.
 */
export function ociLayout({ content }: ExportManifest, files: readonly ExportFile[]): LayoutFile[] {
  const annotations = (what: string) => ({
    'com.stella.export.filters': canonicalJson(content.filters as Json),
    'com.stella.export.profile': content.profile.id,
    'org.opencontainers.artifact.description': `Mirror of vulnerability evidence: ${what}`,
    'org.opencontainers.image.created': content.ledger_time,
    'org.opencontainers.image.description': `Mirror of vulnerability evidence: ${what}`,
  })
  const empty = Buffer.from('{}')
  const manifests = groupsOf(files).map(([group, layers]) => ({
    annotations: annotations(group),
    bytes: encode({
      annotations: annotations(group),
      artifactType: ARTIFACT,
      config: { digest: `sha256:${digestOf(empty)}`, mediaType: EMPTY, size: empty.length },
      layers: layers.map(({ path, sha256, size }) => ({
        annotations: { [TITLE]: path },
        digest: `sha256:${sha256}`,
        mediaType: mediaTypeOf(path),
        size,
      })),
      mediaType: MANIFEST,
      schemaVersion: 2,
    }),
  }))
  const index = encode({
    annotations: annotations('all of it'),
    artifactType: ARTIFACT,
    manifests: manifests.map((manifest) => ({
      ...descriptor(MANIFEST, manifest.bytes),
      annotations: manifest.annotations,
      artifactType: ARTIFACT,
    })),
    mediaType: INDEX,
    schemaVersion: 2,
  })
  const tagged = {
    ...descriptor(INDEX, index),
    annotations: { 'org.opencontainers.image.ref.name': OCI_REFERENCE },
    artifactType: ARTIFACT,
  }
  const blobs = [empty, index, ...manifests.map(({ bytes }) => bytes)]
  return [
    { path: 'oci-layout', bytes: encode({ imageLayoutVersion: '1.0.0' }) },
    { path: 'index.json', bytes: encode({ manifests: [tagged], mediaType: INDEX, schemaVersion: 2 }) },
    ...blobs.map((bytes) => ({ path: ociBlobPath(digestOf(bytes)), bytes })),
  ]
}

/** A blob that an index or a manifest names: its SHA-256 in hexadecimal, and its size. */
export interface OciBlob {
  readonly sha256: string
  readonly size: number
}

/** The indexes, or the manifests, that an index names. @throws `bundle/invalid` for what is no index */
export function readOciIndex(bytes: Uint8Array, kind: 'index' | 'manifest', name: string): OciBlob[] {
  const { manifests } = parsed(ociIndex, bytes, name)
  return manifests.filter(({ mediaType }) => mediaType === ociTypes[kind]).map(blobOf)
}

/** The files of a mirror that a manifest names. @throws `bundle/invalid` for what is no manifest of a mirror */
export function readOciManifest(bytes: Uint8Array, name: string): ExportFile[] {
  return parsed(ociManifest, bytes, name).layers.map((layer) => ({ path: layer.annotations[TITLE], ...blobOf(layer) }))
}

function blobOf({ digest: named, size }: { readonly digest: string; readonly size: number }): OciBlob {
  return { sha256: named.slice('sha256:'.length), size }
}

function parsed<T>(contract: { parse(value: unknown): T }, bytes: Uint8Array, name: string): T {
  try {
    return contract.parse(JSON.parse(Buffer.from(bytes).toString()))
  } catch (cause) {
    throw new Problem('bundle/invalid', `${name} is none of the OCI layout of a mirror`, { cause })
  }
}

/** Files by the folder that they are in; those in none, and the signatures, first. */
function groupsOf(files: readonly ExportFile[]): [string, ExportFile[]][] {
  const groups = new Map<string, ExportFile[]>()
  for (const file of inByteOrder(files, ({ path }) => path)) {
    const folder = file.path.includes('/') ? file.path.slice(0, file.path.indexOf('/')) : 'documents'
    const group = folder === 'signatures' ? 'documents' : folder
    groups.set(group, [...(groups.get(group) ?? []), file])
  }
  return [...groups].flatMap(([group, layers]) =>
    Array.from({ length: Math.ceil(layers.length / MAX_LAYERS) }, (_, part): [string, ExportFile[]] => [
      group,
      layers.slice(part * MAX_LAYERS, (part + 1) * MAX_LAYERS),
    ]),
  )
}

function mediaTypeOf(path: string): string {
  if (path.endsWith('.zst')) return 'application/zstd'
  if (path.endsWith('.json')) return 'application/json'
  if (path.endsWith('.jsonl')) return 'application/jsonl'
  if (path.endsWith('.yaml')) return 'application/yaml'
  return path.endsWith('.md') ? 'text/markdown' : 'application/octet-stream'
}

function descriptor(mediaType: string, bytes: Buffer) {
  return { digest: `sha256:${digestOf(bytes)}`, mediaType, size: bytes.length }
}

function encode(value: Json): Buffer {
  return Buffer.from(canonicalJson(value))
}
