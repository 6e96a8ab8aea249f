import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { bundlePaths, type ExportFile, mediaTypes } from '@stella/contracts'
import {
  byteOrder,
  canonicalJson,
  contentRoot,
  dssePreAuthEncoding,
  encodeManifest,
  encodeSignature,
  readPublicKey,
  sigstoreBundle,
  withLowS,
} from '@stella/core'
import { packBundle } from '@stella/native'

/** A small export, made and signed as the service does it. */
export interface SignedExport {
  readonly bundle: string
  /** The same files, unpacked. */
  readonly tree: string
  /** File of the public key. */
  readonly key: string
}

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
const FRAME_BYTES = 8192
const MTIME = 1_738_281_600

/** Writes a signed export of two advisories and an SBOM into `folder`. */
export async function writeSignedExport(folder: string): Promise<SignedExport> {
  const data = {
    'advisories/normalized.jsonl.zst': rawZstdFrame('{"id":"GHSA-1"}\n{"id":"GHSA-2"}\n'),
    'sboms/shop_1.0.0/sbom.cdx.json': Buffer.from('{"bomFormat":"CycloneDX"}\n'),
  }
  const files = { ...data, ...describe(data) }
  const place = { bundle: join(folder, 'export.tar.zst'), tree: join(folder, 'tree'), key: join(folder, 'key.pem') }
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(place.tree, path)), { recursive: true })
    await writeFile(join(place.tree, path), bytes)
  }
  await writeFile(place.key, pem)
  await packTree(place, filesOf(files))
  return place
}

/** Packs the files of a tree into its bundle; `mtime` in seconds since 1970. */
export async function packTree(
  { bundle, tree }: SignedExport,
  files: readonly ExportFile[],
  mtime = MTIME,
): Promise<void> {
  const members = files.map(({ path, size, sha256 }) => ({
    path,
    sizeBytes: size,
    sha256,
    parts: [{ file: join(tree, path), offset: 0, sizeBytes: null }],
  }))
  await packBundle({ out: bundle, members, mtime, level: 3, frameBytes: FRAME_BYTES })
}

/** The entries of a manifest for some files, sorted by path. */
export function filesOf(contents: Readonly<Record<string, Buffer>>): ExportFile[] {
  return Object.entries(contents)
    .sort(([a], [b]) => byteOrder(a, b))
    .map(([path, bytes]) => ({ path, size: bytes.length, sha256: sha256(bytes) }))
}

/** The four files that describe an export. */
function describe(data: Readonly<Record<string, Buffer>>): Record<string, Buffer> {
  const files = filesOf(data)
  const manifest = encodeManifest({
    schema_version: '1',
    content: {
      profile: { id: 'prof_raw', name: 'raw', kind: 'json', variant: 'raw', revision: 1 },
      filters: {},
      ledger_revision: 1,
      ledger_time: '2025-01-31T00:00:00Z',
      policy_version: null,
      schemas: {},
      compression: { codec: 'zstd', level: 3, library: 'zstd', frame_bytes: FRAME_BYTES },
      counts: { advisories: 2, vex: 0, sboms: 1 },
      coverage: [],
      withheld: [],
      files,
      content_root: contentRoot(files),
    },
    run: { id: 'run_1', tenant: 'default', trigger: 'manual', started_at: '', finished_at: '' },
  })
  const provenance = statement([...filesOf({ [bundlePaths.manifest]: manifest }), ...files])
  const payloadType = mediaTypes.inToto
  const signature = withLowS(sign('sha256', dssePreAuthEncoding(payloadType, provenance), privateKey))
  const keyId = readPublicKey(pem).id
  return {
    [bundlePaths.manifest]: manifest,
    [bundlePaths.provenance]: provenance,
    [bundlePaths.signature]: Buffer.from(encodeSignature(withLowS(sign('sha256', manifest, privateKey)))),
    [bundlePaths.provenanceBundle]: sigstoreBundle({ payload: provenance, payloadType, keyId, signature }),
  }
}

function statement(files: readonly ExportFile[]): Buffer {
  const subject = files.map(({ path, sha256 }) => ({ name: path, digest: { sha256 } }))
  const text = canonicalJson({
    _type: 'https://in-toto.io/Statement/v1',
    subject,
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {},
  })
  return Buffer.from(`${text}\n`)
}

/** A zstd frame of one raw block (RFC 8878, sections 3.1.1.1 and 3.1.1.2): Node 20 cannot compress. At most 255 bytes. */
function rawZstdFrame(text: string): Buffer {
  const content = Buffer.from(text)
  const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, content.length, 0, 0, 0])
  head.writeUIntLE((content.length << 3) | 1, 6, 3)
  return Buffer.concat([head, content])
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
