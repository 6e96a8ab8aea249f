import { randomBytes } from 'node:crypto'
import { join } from 'node:path'

import type { Scratch } from '@stella/adapters'
import {
  bundlePaths,
  type EncryptedFiles,
  type Encryption,
  encryptedPaths,
  MAX_MANIFEST_BYTES,
  Problem,
} from '@stella/contracts'
import { encodeEncryptedFiles, encodeSignature, isEncryptedFile } from '@stella/core'
import { type BundleMember, type EncryptRequest, encryptMembers as encryptNatively } from '@stella/native'

import type { SealDeps } from './seal-step.ts'
import { type SealedDocument, sealedDocument } from './sealed-documents.ts'

/** Bytes of a data key: of AES-256. */
const DATA_KEY_BYTES = 32

/** A plaintext tree, and whom it is encrypted for. */
export interface Encrypting {
  readonly tenantId: string
  readonly encryption: Encryption
  /** zstd level. */
  readonly level: number
  /** All that a bundle holds otherwise: the data files, and the documents that describe it. */
  readonly members: readonly BundleMember[]
}

/** What an encrypted bundle holds instead, and the documents that it holds besides. */
export interface EncryptedTree {
  readonly members: readonly BundleMember[]
  readonly documents: readonly SealedDocument[]
}

/**
 * Compresses and encrypts the files of a mirror into a scratch file, and signs a list of what came out: `export.json` is of the plaintext.
 * @throws `plan/too-large` where a verifier would refuse the list · `kms/…` · `blob/…` · `native/…`
 */
export async function encryptMembers(
  deps: Pick<SealDeps, 'kms' | 'wrappingKms'>,
  { tenantId, encryption, level, members }: Encrypting,
  scratch: Scratch,
  signal: AbortSignal,
): Promise<EncryptedTree> {
  const manifest = members.find(({ path }) => path === bundlePaths.manifest)
  if (!manifest) throw new Problem('internal', 'an export without a manifest cannot be encrypted')
  const out = join(scratch.directory, 'encrypted')
  const plain = members.filter((member) => isEncryptedFile(member, encryption))
  const { parts, told } = await encryptedBy(deps, { tenantId, encryption }, (by) =>
    encryptNatively({ out, members: plain, by, level }, signal),
  )
  const files = parts.map(({ path, sizeBytes: size, sha256 }) => ({ path, size, sha256 }))
  const { strict } = encryption
  const list = encodeEncryptedFiles({
    schema_version: '1',
    manifest_sha256: manifest.sha256,
    strict,
    files,
    ...told,
  })
  if (list.length > MAX_MANIFEST_BYTES) {
    throw new Problem(
      'plan/too-large',
      `the export has ${files.length} files, too many for one list: narrow its filters`,
    )
  }
  const { signature } = await deps.kms.sign(list)
  return {
    members: [
      ...members.filter((member) => !isEncryptedFile(member, encryption)),
      ...parts.map(({ offset, ...part }) => ({ ...part, parts: [{ file: out, offset, sizeBytes: part.sizeBytes }] })),
    ],
    documents: [
      sealedDocument(encryptedPaths.list, list),
      sealedDocument(encryptedPaths.signature, Buffer.from(encodeSignature(signature))),
    ],
  }
}

type Told<T> = T extends EncryptedFiles ? Omit<T, 'schema_version' | 'manifest_sha256' | 'strict' | 'files'> : never

interface Encrypted {
  readonly parts: Awaited<ReturnType<typeof encryptNatively>>
  readonly told: Told<EncryptedFiles>
}

/** Encrypts for whom a profile says, and tells how. A data key is forgotten however that ends. */
async function encryptedBy(
  { wrappingKms }: Pick<SealDeps, 'wrappingKms'>,
  { tenantId, encryption: { recipients, kms_key: name } }: Pick<Encrypting, 'tenantId' | 'encryption'>,
  encrypt: (by: EncryptRequest['by']) => Promise<Encrypted['parts']>,
): Promise<Encrypted> {
  if (recipients) return { parts: await encrypt({ recipients }), told: { scheme: 'age-x25519', recipients } }
  if (name === undefined) throw new Problem('internal', 'a profile encrypts for nobody')
  if (!wrappingKms) {
    const advice = 'set ENCRYPTION_KMS_URL for the workers, or change the profile to recipients'
    throw new Problem('kms/key-refused', `there is no KMS for the key ${name}: ${advice}`)
  }
  const dataKey = randomBytes(DATA_KEY_BYTES)
  try {
    const wrapped = (await wrappingKms.wrap({ tenantId, name }, dataKey)).toString('base64')
    const told = { scheme: 'aes256-gcm-hkdf-1mb', data_key: { kms_key: name, wrapped } } as const
    return { parts: await encrypt({ dataKey }), told }
  } finally {
    dataKey.fill(0)
  }
}
