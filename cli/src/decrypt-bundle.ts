import { createHash } from 'node:crypto'
import { join, resolve } from 'node:path'

import {
  bundlePaths,
  type EncryptedFiles,
  type ExportManifest,
  encryptedPaths,
  MAX_IDENTITY_BYTES,
  MAX_MANIFEST_BYTES,
  type PublicKey,
  toProblem,
} from '@stella/contracts'
import { CommandFailure, decodeManifest, type FileToDecrypt, filesToDecrypt, manifestToDecrypt } from '@stella/core'
import {
  type BundleMember,
  besideOf,
  type DecryptionKey,
  decryptMembers,
  packExport,
  type ReadExport,
  readMember,
  readSoundExport,
  readVerifiedExport,
  unpackBundle,
} from '@stella/native'

import { readInputFile } from './input-file.ts'

/** Largest data key file that is read, in bytes: more than a key has, so that another length is told. */
const MAX_DATA_KEY_BYTES = 1024

/** What to do with a bundle that is signed and holds what it must not. */
const DISTRUST = 'do not use it, and tell whoever made it: the signature of what is encrypted is sound'

/** What opens an encrypted bundle: an age identity file, or a file of its data key. */
export interface KeyToDecrypt {
  readonly kind: 'identity' | 'data key'
  readonly file: string
}

/** A bundle to decrypt, and where to. */
export interface BundleToDecrypt {
  readonly bundle: string
  readonly key: KeyToDecrypt
  readonly out: string
  readonly keys: readonly PublicKey[]
}

/**
 * Verifies an encrypted bundle as it is, decrypts its files, each up to the size that something signed gives it, verifies what comes out as any export,
 * and packs it: the bundle that it was before, which is put in place whole.
 * @throws CommandFailure `integrity` for a bundle that is not sound, that the key does not open, or that holds something else than its manifest
 *   says · `usage` for one that is not encrypted, or is by the other kind of key, and for what is no key
 */
export async function decryptBundle(asked: BundleToDecrypt, signal: AbortSignal): Promise<ExportManifest> {
  const { bundle, out, keys } = asked
  const by = await readKey(asked.key)
  const { published: sealed, verdict } = await readVerifiedExport(bundle, keys, signal)
  const list = verdict.encrypted
  if (!list) throw notEncrypted(bundle)
  requireKind(asked, list)

  return besideOf(out, async (scratch) => {
    const tree = join(scratch, 'tree')
    await unpackReadable(tree, { bundle, sealed, list }, signal)
    const decrypt = (members: readonly FileToDecrypt[]) =>
      decryptMembers({ path: resolve(bundle), members, by, out: tree }, signal).catch((error: unknown) =>
        Promise.reject(undecrypted(error, asked.key)),
      )
    if (list.strict) await decrypt([manifestToDecrypt])
    const files = filesToDecrypt(await listedManifest(tree, list, signal), list)
    if (!files) throw otherPlaintext()
    await decrypt(files)
    const { manifest, published } = await readSoundExport(tree, keys, signal).catch((error: unknown) =>
      Promise.reject(error instanceof CommandFailure ? otherPlaintext(error) : error),
    )
    const members = published.members.map(memberIn(tree))
    await packExport(manifest, { members, scratch, out }, signal)
    return manifest
  })
}

async function readKey({ kind, file }: KeyToDecrypt): Promise<DecryptionKey> {
  if (kind === 'data key') return { dataKey: await readInputFile(file, MAX_DATA_KEY_BYTES) }
  return { identities: (await readInputFile(file, MAX_IDENTITY_BYTES)).toString() }
}

function requireKind({ bundle, key }: BundleToDecrypt, list: EncryptedFiles): void {
  const kind = list.scheme === 'age-x25519' ? 'identity' : 'data key'
  if (kind === key.kind) return
  const [by, advice] =
    kind === 'identity'
      ? [
          'to age recipients',
          'give --identity: a file as age-keygen writes it, of one that `stella export verify` names',
        ]
      : ['by a data key', 'give --data-key: what the KMS unwraps of data_key.wrapped in signatures/encrypted.json']
  throw new CommandFailure('usage', `${bundle} cannot be decrypted so: it is encrypted ${by}`, advice)
}

interface Sealed {
  readonly bundle: string
  readonly sealed: ReadExport
  readonly list: EncryptedFiles
}

/** What lies readable in an encrypted bundle, but for what tells of its encryption. */
async function unpackReadable(tree: string, { bundle, sealed, list }: Sealed, signal: AbortSignal): Promise<void> {
  const left = new Set<string>([...list.files.map(({ path }) => path), ...Object.values(encryptedPaths)])
  const readable = sealed.members.filter(({ path }) => !left.has(path))
  const maxBytes = readable.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  await unpackBundle({ path: resolve(bundle), members: readable.map(({ path }) => path), out: tree, maxBytes }, signal)
}

/** The manifest that the list of encrypted files is of. */
async function listedManifest(tree: string, list: EncryptedFiles, signal: AbortSignal): Promise<ExportManifest> {
  const bytes = await readMember(tree, bundlePaths.manifest, MAX_MANIFEST_BYTES, signal)
  const manifest = decodeManifest(bytes)
  if (!manifest || createHash('sha256').update(bytes).digest('hex') !== list.manifest_sha256) throw otherPlaintext()
  return manifest
}

function memberIn(tree: string): (file: { path: string; sizeBytes: number; sha256: string }) => BundleMember {
  return ({ path, sizeBytes, sha256 }) => {
    return { path, sizeBytes, sha256, parts: [{ file: join(tree, path), offset: 0, sizeBytes: null }] }
  }
}

function undecrypted(error: unknown, { kind, file }: KeyToDecrypt): unknown {
  const { code, message } = toProblem(error)
  const cause = { cause: error }
  if (code === 'request/invalid') {
    const advice =
      kind === 'identity' ? 'name a file as age-keygen writes it' : 'name a file of the 32 bytes of the key'
    return new CommandFailure('usage', `${file} cannot be used: ${message}`, advice, cause)
  }
  if (code === 'bundle/invalid') {
    const advice =
      kind === 'identity'
        ? 'give the identity of one of its recipients, which `stella export verify` names'
        : 'give what the KMS unwraps of data_key.wrapped in the signatures/encrypted.json of this bundle'
    return new CommandFailure('integrity', `nothing was written: ${message}`, advice, cause)
  }
  // It was verified before: what is wrong now is so in what was signed.
  if (code === 'blob/absent' || code === 'blob/altered' || code === 'blob/long')
    return new CommandFailure('integrity', `nothing was written: ${message}`, DISTRUST, cause)
  return error
}

function otherPlaintext(cause?: CommandFailure): CommandFailure {
  const why = 'it was decrypted to something else than its signed export.json names'
  const details = cause ? { cause, details: cause.details } : {}
  return new CommandFailure('integrity', `nothing was written: ${why}`, DISTRUST, details)
}

function notEncrypted(bundle: string): CommandFailure {
  return new CommandFailure('usage', `${bundle} cannot be decrypted: it is not encrypted`, 'use it as it is')
}
