import { bundlePaths, type ExportFile, mediaTypes, type PublicKey } from '@stella/contracts'

import { dssePreAuthEncoding } from './dsse.ts'
import { ABSENT, type ExportFault } from './export-fault.ts'
import { readSigstoreBundle, type SignedPayload } from './sigstore-bundle.ts'
import { verifySignature } from './verify-signature.ts'

type Subject = Pick<ExportFile, 'path' | 'sha256'>

interface Provenance {
  readonly provenanceBytes: Uint8Array | null
  readonly provenanceBundleBytes: Uint8Array | null
  readonly keys: readonly PublicKey[]
}

/**
 * Judges `provenance.json` and the Sigstore bundle that signs it: equal payload, good signature of a trusted key, and subjects that
 * are exactly those expected (in-toto Statement v1). `subjects` is null where no manifest says what to expect.
 */
export function verifyProvenance(
  { provenanceBytes, provenanceBundleBytes, keys }: Provenance,
  subjects: readonly Subject[] | null,
): ExportFault[] {
  const faults: ExportFault[] = []
  if (!provenanceBytes) faults.push({ path: bundlePaths.provenance, reason: ABSENT })
  else if (subjects) faults.push(...verifySubjects(provenanceBytes, subjects))

  if (!provenanceBundleBytes) return [...faults, { path: bundlePaths.provenanceBundle, reason: ABSENT }]
  const signed = readSigstoreBundle(provenanceBundleBytes)
  const reason = 'it is not the canonical form of a Sigstore bundle v0.3 with one signature'
  if (!signed) return [...faults, { path: bundlePaths.provenanceBundle, reason }]

  if (provenanceBytes && !Buffer.from(signed.payload).equals(provenanceBytes)) {
    faults.push({ path: bundlePaths.provenance, reason: `it is not what ${bundlePaths.provenanceBundle} signs` })
  }
  return [...faults, ...verifyEnvelope(signed, keys)]
}

function verifyEnvelope(
  { payload, payloadType, keyId, signature }: SignedPayload,
  keys: Provenance['keys'],
): ExportFault[] {
  const path = bundlePaths.provenanceBundle
  if (payloadType !== mediaTypes.inToto) return [{ path, reason: `its payload is no ${mediaTypes.inToto}` }]

  const bytes = dssePreAuthEncoding(payloadType, payload)
  const key = keys.find(({ pem }) => verifySignature({ pem, bytes, signature }))
  if (!key) return [{ path, reason: `none of the ${keys.length} trusted keys made its signature` }]
  return key.id === keyId ? [] : [{ path, reason: `its hint names another key than ${key.id}, which signed it` }]
}

function verifySubjects(provenanceBytes: Uint8Array, subjects: readonly Subject[]): ExportFault[] {
  const path = bundlePaths.provenance
  const stated = statedSubjects(provenanceBytes)
  if (!stated) return [{ path, reason: 'it is no in-toto Statement v1 with SHA-256 subjects' }]

  const expected = new Set(subjects.map((subject) => subject.path))
  const digests = new Map(stated.map((subject) => [subject.path, subject.sha256]))
  const unknown = stated.filter((subject) => !expected.has(subject.path))
  return [
    ...unknown.map((subject) => ({ path, reason: `it names a subject that is not of this export: ${subject.path}` })),
    ...subjects.flatMap((subject) => compareSubject(subject, digests.get(subject.path))),
  ]
}

function compareSubject(subject: Subject, digest: string | undefined): ExportFault[] {
  const path = bundlePaths.provenance
  if (digest === undefined) return [{ path, reason: `it names no subject ${subject.path}` }]
  return digest === subject.sha256 ? [] : [{ path: subject.path, reason: `${path} states another SHA-256: ${digest}` }]
}

function statedSubjects(bytes: Uint8Array): Subject[] | null {
  const statement = parseStatement(bytes)
  if (statement?._type !== 'https://in-toto.io/Statement/v1' || !Array.isArray(statement.subject)) return null

  const subjects = statement.subject.map((entry) => ({ path: entry?.name, sha256: entry?.digest?.sha256 }))
  return subjects.every(({ path, sha256 }) => typeof path === 'string' && typeof sha256 === 'string') ? subjects : null
}

function parseStatement(bytes: Uint8Array): { _type?: unknown; subject?: unknown } | null {
  try {
    return JSON.parse(Buffer.from(bytes).toString())
  } catch {
    return null
  }
}
