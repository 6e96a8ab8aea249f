import { join } from 'node:path'

import type { Scratch } from '@stella/adapters'
import { bundlePaths, encryptedPaths, MAX_MANIFEST_BYTES, Problem } from '@stella/contracts'
import { encodeEncryptedFiles, encodeSignature, isEncryptedFile } from '@stella/core'
import { type BundleMember, encryptMembers as encryptNatively } from '@stella/native'

import type { SealDeps } from './seal-step.ts'
import { type SealedDocument, sealedDocument } from './sealed-documents.ts'

/** A plaintext tree, and to whom it is encrypted. */
export interface Encrypting {
  /** The data files. */
  readonly members: readonly BundleMember[]
  readonly documents: readonly SealedDocument[]
  readonly recipients: readonly string[]
}

/**
 * Encrypts the data files of a mirror into a scratch file, and signs a list of what came out: `export.json` is of the plaintext.
 * @throws `plan/too-large` where a verifier would refuse the list · `kms/refused` · `blob/…` · `native/…`
 */
export async function encryptMembers(
  { kms }: Pick<SealDeps, 'kms'>,
  { members, documents, recipients }: Encrypting,
  scratch: Scratch,
  signal: AbortSignal,
): Promise<{ members: BundleMember[]; documents: SealedDocument[] }> {
  const manifest = documents.find(({ path }) => path === bundlePaths.manifest)
  if (!manifest) throw new Problem('internal', 'an export without a manifest cannot be encrypted')
  const out = join(scratch.directory, 'encrypted')
  const plain = members.filter(isEncryptedFile)
  const parts = await encryptNatively({ out, members: plain, recipients: [...recipients] }, signal)
  const files = parts.map(({ path, sizeBytes: size, sha256 }) => ({ path, size, sha256 }))
  const list = encodeEncryptedFiles({ manifestSha256: manifest.sha256, recipients, files })
  if (list.length > MAX_MANIFEST_BYTES) {
    throw new Problem(
      'plan/too-large',
      `the export has ${files.length} files, too many for one list: narrow its filters`,
    )
  }
  const { signature } = await kms.sign(list)
  return {
    members: [
      ...members.filter((member) => !isEncryptedFile(member)),
      ...parts.map(({ offset, ...part }) => ({ ...part, parts: [{ file: out, offset, sizeBytes: part.sizeBytes }] })),
    ],
    documents: [
      sealedDocument(encryptedPaths.list, list),
      sealedDocument(encryptedPaths.signature, Buffer.from(encodeSignature(signature))),
    ],
  }
}
