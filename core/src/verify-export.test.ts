import { createHash, generateKeyPairSync, sign } from 'node:crypto'

import { bundlePaths, type ExportFile, type ExportManifest } from '@stella/contracts'
import { expect, test } from 'vitest'

import { canonicalJson, type Json } from './canonical-json.ts'
import { contentRoot } from './content-root.ts'
import { dssePreAuthEncoding } from './dsse.ts'
import { withLowS } from './ecdsa-low-s.ts'
import { sigstoreBundle } from './sigstore-bundle.ts'
import { type PublishedExport, verifyExport } from './verify-export.ts'
import { encodeSignature, readPublicKey } from './verify-signature.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const key = readPublicKey(publicKey.export({ type: 'spki', format: 'pem' }).toString())
const advisories = 'advisories/normalized.jsonl.zst'
const sbom = 'sboms/shop_1.0.0/sbom.cdx.json'

function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function manifestOf(files: ExportFile[], counts = { advisories: 2, vex: 0, sboms: 1 }): ExportManifest {
  return {
    schema_version: '1',
    content: {
      profile: { id: 'prof_raw', name: 'raw', kind: 'json', variant: 'raw', revision: 1 },
      filters: {},
      ledger_revision: 3,
      ledger_time: '2025-01-31T00:00:00Z',
      policy_version: null,
      schemas: { advisory: 'osv-1.7' },
      compression: { codec: 'zstd', level: 3, library: 'zstd 1.5.7', frame_bytes: 4194304 },
      counts,
      coverage: [],
      withheld: [],
      files,
      content_root: contentRoot(files),
    },
    run: { id: 'run_1', tenant: 'default', trigger: 'manual', started_at: '', finished_at: '' },
  }
}

function statementOf(manifestBytes: Uint8Array, files: readonly ExportFile[]): Json {
  const subjects = [{ path: bundlePaths.manifest, sha256: sha256(manifestBytes) }, ...files]
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: subjects.map((subject) => ({ name: subject.path, digest: { sha256: subject.sha256 } })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {},
  }
}

function publish(manifest = manifestOf(dataFiles()), statement?: Json): PublishedExport {
  const manifestBytes = Buffer.from(`${canonicalJson(manifest)}\n`)
  const provenanceBytes = Buffer.from(
    `${canonicalJson(statement ?? statementOf(manifestBytes, manifest.content.files))}\n`,
  )
  const payloadType = 'application/vnd.in-toto+json'
  const signature = withLowS(sign('sha256', dssePreAuthEncoding(payloadType, provenanceBytes), privateKey))
  return {
    containerFaults: [],
    container: { path: 'export.tar.zst', mtime: Date.UTC(2025, 0, 31) / 1000 },
    members: manifest.content.files.map(({ path, size, sha256 }) => ({
      path,
      sizeBytes: size,
      sha256,
      lines: path === advisories ? 2 : null,
    })),
    manifestBytes,
    signatureBytes: Buffer.from(encodeSignature(withLowS(sign('sha256', manifestBytes, privateKey)))),
    provenanceBytes,
    provenanceBundleBytes: sigstoreBundle({ payload: provenanceBytes, payloadType, keyId: key.id, signature }),
    databaseSignatureBytes: null,
    summaryBytes: null,
    summarySignatureBytes: null,
    chain: [],
    encryptedBytes: null,
    encryptedSignatureBytes: null,
    checked: null,
    keys: [key],
  }
}

function dataFiles(): ExportFile[] {
  return [
    { path: advisories, size: 10, sha256: sha256('advisories') },
    { path: sbom, size: 4, sha256: sha256('sbom') },
  ]
}

function faultsOf(published: PublishedExport): string[] {
  return verifyExport(published).faults.map(({ path, reason }) => `${path}: ${reason}`)
}

test('verifyExport() finds a sound export sound', () => {
  const published = publish()
  expect(verifyExport(published)).toEqual({
    ok: true,
    manifest: JSON.parse(String(published.manifestBytes)),
    keyId: key.id,
    contentRoot: contentRoot(dataFiles()),
    runId: 'run_1',
    tenant: 'default',
    profile: 'prof_raw',
    ledgerRevision: 3,
    counts: { advisories: 2, vex: 0, sboms: 1 },
    isEncrypted: false,
    encrypted: null,
    faults: [],
  })
})

test('verifyExport() names files that are absent, extra, doubled, short, long or altered', () => {
  const sound = publish()
  const [first, second] = sound.members
  if (!first || !second) throw new Error('two members were published')
  const withMembers = (...members: (typeof first)[]) => faultsOf({ ...sound, members })

  expect(withMembers(first)).toEqual([`${sbom}: it is absent`])
  expect(withMembers(first, second, { ...second, path: 'x' })).toEqual(['x: it is not among the files of export.json'])
  expect(withMembers(first, second, second)).toEqual([`${sbom}: it is there more than once`])
  expect(withMembers(first, { ...second, sizeBytes: 3 })).toEqual([`${sbom}: it is short: 3 of 4 bytes`])
  expect(withMembers(first, { ...second, sizeBytes: 5 })).toEqual([`${sbom}: it is long: 5 instead of 4 bytes`])
  expect(withMembers(first, { ...second, sha256: sha256('x') })).toEqual([
    `${sbom}: it was altered: SHA-256 ${sha256('x')} instead of ${sha256('sbom')}`,
  ])
  expect(withMembers({ ...first, lines: 3 }, second)).toEqual([
    `${advisories}: it holds 3 lines, export.json counts 2 advisories`,
  ])
})

test('verifyExport() finds every flip of a byte in the four described files, and names the file', () => {
  const sound = publish()
  const files = {
    manifestBytes: [bundlePaths.manifest, bundlePaths.signature],
    signatureBytes: [bundlePaths.signature, bundlePaths.manifest],
    provenanceBytes: [bundlePaths.provenance],
    provenanceBundleBytes: [bundlePaths.provenanceBundle],
  } as const
  for (const [name, paths] of Object.entries(files)) {
    const bytes = sound[name as keyof typeof files] ?? Buffer.alloc(0)
    for (let offset = 0; offset < bytes.length; offset += 1) {
      const flipped = Buffer.from(bytes)
      flipped[offset] = (flipped[offset] ?? 0) ^ 1
      const { faults } = verifyExport({ ...sound, [name]: flipped })
      expect(faults.some(({ path }) => (paths as readonly string[]).includes(path))).toBe(true)
    }
  }
})

test('verifyExport() names each described file that is absent', () => {
  const names = {
    signatureBytes: 'signature',
    provenanceBytes: 'provenance',
    provenanceBundleBytes: 'provenanceBundle',
  } as const
  for (const [bytes, name] of Object.entries(names)) {
    expect(faultsOf({ ...publish(), [bytes]: null })).toEqual([`${bundlePaths[name]}: it is absent`])
  }
  expect(faultsOf({ ...publish(), manifestBytes: null })).toEqual([`${bundlePaths.manifest}: it is absent`])
})

test('verifyExport() passes on faults of the container, and calls no damaged file absent', () => {
  const sound = publish()
  const containerFaults = [{ path: sbom, reason: 'a frame has another SHA-256' }]
  const members = sound.members.filter(({ path }) => path !== sbom)
  expect(verifyExport({ ...sound, members, containerFaults }).faults).toEqual(containerFaults)
})

test("verifyExport() compares the time of a bundle's members with that of the ledger; a folder has none", () => {
  const container = { path: 'export.tar.zst', mtime: Date.UTC(2025, 0, 31) / 1000 + 1 }
  expect(faultsOf({ ...publish(), container })).toEqual([
    'export.tar.zst: its members have the time 1738281601, export.json says 2025-01-31T00:00:00Z',
  ])
  expect(verifyExport({ ...publish(), container: { path: 'tree', mtime: null } }).ok).toBe(true)
})

test('verifyExport() refuses another key, with no key id in the verdict', () => {
  const pem = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const verdict = verifyExport({ ...publish(), keys: [readPublicKey(pem)] })
  expect(verdict.keyId).toBeNull()
  expect(verdict.faults.map(({ path }) => path)).toEqual([bundlePaths.manifest, bundlePaths.provenanceBundle])
})

test('verifyExport() checks a signed manifest against itself', () => {
  const files = dataFiles()
  const manifest = manifestOf(files)
  const wrongRoot = { ...manifest, content: { ...manifest.content, content_root: `sha256:${'0'.repeat(64)}` } }
  expect(faultsOf(publish(wrongRoot))).toEqual(['export.json: its content_root is not that of its files'])
  expect(faultsOf(publish(manifestOf(files.toReversed())))).toEqual([
    `export.json: its files are not sorted by path, each once, at ${advisories}`,
  ])
  expect(faultsOf(publish(manifestOf(files, { advisories: 2, vex: 1, sboms: 2 })))).toEqual([
    'export.json: it counts 2 sboms and names 1',
    'vex/normalized.jsonl.zst: export.json counts 1 vex but no such file',
  ])
  expect(faultsOf(publish({ ...manifest, extra: true } as ExportManifest))[0]).toMatch(
    /^export.json: it is no manifest/,
  )
})

test('verifyExport() checks the subjects of a signed statement', () => {
  const files = dataFiles()
  const manifest = manifestOf(files)
  const manifestBytes = Buffer.from(`${canonicalJson(manifest)}\n`)
  const faults = (subjects: ExportFile[]) => faultsOf(publish(manifest, statementOf(manifestBytes, subjects)))

  expect(faults(files.slice(0, 1))).toEqual([`provenance.json: it names no subject ${sbom}`])
  expect(faults([...files, { path: 'x', size: 0, sha256: sha256('') }])).toEqual([
    'provenance.json: it names a subject that is not of this export: x',
  ])
  expect(faults(files.map((file) => ({ ...file, sha256: sha256('') })))).toHaveLength(2)
  expect(faultsOf(publish(manifest, { _type: 'x' }))).toEqual([
    'provenance.json: it is no in-toto Statement v1 with SHA-256 subjects',
  ])
})
