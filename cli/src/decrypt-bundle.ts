import { join, resolve } from 'node:path'

import {
  type ExportFile,
  type ExportManifest,
  encryptedPaths,
  MAX_IDENTITY_BYTES,
  type PublicKey,
  toProblem,
} from '@stella/contracts'
import { CommandFailure, ENCRYPTED_SUFFIX, isEncryptedFile } from '@stella/core'
import {
  type BundleMember,
  besideOf,
  decryptMembers,
  packExport,
  type ReadExport,
  readSoundExport,
  unpackBundle,
} from '@stella/native'

import { readInputFile } from './input-file.ts'

/** A bundle to decrypt, and where to. */
export interface BundleToDecrypt {
  readonly bundle: string
  /** An age identity file. */
  readonly identity: string
  readonly out: string
  readonly keys: readonly PublicKey[]
}

/**
 * Verifies an encrypted bundle, decrypts its files, compares each with the signed manifest, and packs what they were before: a bundle as any
 * other, which is put in place whole.
 * @throws CommandFailure `integrity` for a bundle that is not sound, that the identity does not open, or that holds something else than its manifest
 *   says · `usage` for one that is not encrypted, and for what is no identity file
 */
export async function decryptBundle(asked: BundleToDecrypt, signal: AbortSignal): Promise<ExportManifest> {
  const { bundle, identity, out, keys } = asked
  const identities = (await readInputFile(identity, MAX_IDENTITY_BYTES)).toString()
  const { published, manifest, encryptedTo } = await readSoundExport(bundle, keys, signal)
  if (!encryptedTo) throw notEncrypted(bundle)
  const encrypted = manifest.content.files.filter(isEncryptedFile)

  await besideOf(out, async (scratch) => {
    const tree = join(scratch, 'tree')
    const documents = readableMembers(published, manifest)
    const maxBytes = documents.reduce((sum, { size }) => sum + size, 0)
    const paths = documents.map(({ path }) => path)
    await unpackBundle({ path: resolve(bundle), members: paths, out: tree, maxBytes }, signal)
    await decryptInto(tree, { asked, identities, files: encrypted }, signal)
    const members = [...documents, ...encrypted].map(memberIn(tree))
    // Packing compares every file with size and digest that were verified, whoever may have changed the bundle meanwhile.
    await packExport(manifest, { members, scratch, out }, signal)
  })
  return manifest
}

/** What lies readable in an encrypted bundle, but for what tells of its encryption. */
function readableMembers({ members }: ReadExport, { content }: ExportManifest): ExportFile[] {
  const sealed = content.files.filter(isEncryptedFile).map(({ path }) => `${path}${ENCRYPTED_SUFFIX}`)
  const left = new Set<string>([...sealed, ...Object.values(encryptedPaths)])
  return members
    .filter(({ path }) => !left.has(path))
    .map(({ path, sizeBytes, sha256 }) => ({ path, size: sizeBytes, sha256 }))
}

interface Decrypting {
  readonly asked: BundleToDecrypt
  readonly identities: string
  readonly files: readonly ExportFile[]
}

async function decryptInto(tree: string, { asked, identities, files }: Decrypting, signal: AbortSignal): Promise<void> {
  const { bundle, identity } = asked
  const members = files.map(({ path, size }) => ({ path, maxBytes: size }))
  const plain = await decryptMembers({ path: resolve(bundle), members, identities, out: tree }, signal).catch(
    (error: unknown) => Promise.reject(undecrypted(error, identity)),
  )
  const found = new Map(plain.map((file) => [file.path, file]))
  const other = files.find(({ path, size, sha256 }) => {
    const file = found.get(path)
    return file?.sizeBytes !== size || file.sha256 !== sha256
  })
  if (other) throw otherPlaintext(`${other.path} was decrypted to something else than export.json names`)
}

function memberIn(tree: string): (file: ExportFile) => BundleMember {
  return ({ path, size, sha256 }) => {
    return { path, sizeBytes: size, sha256, parts: [{ file: join(tree, path), offset: 0, sizeBytes: null }] }
  }
}

function undecrypted(error: unknown, identity: string): unknown {
  const { code, message } = toProblem(error)
  const cause = { cause: error }
  if (code === 'request/invalid') {
    const advice = 'name a file as age-keygen writes it'
    return new CommandFailure('usage', `${identity} cannot be used: ${message}`, advice, cause)
  }
  if (code === 'bundle/invalid') {
    const advice = 'give the identity of one of its recipients, which `stella export verify` names'
    return new CommandFailure('integrity', `nothing was written: ${message}`, advice, cause)
  }
  if (code === 'blob/altered' || code === 'blob/long') return otherPlaintext(message, cause)
  return error
}

function otherPlaintext(why: string, cause?: ErrorOptions): CommandFailure {
  const advice = 'do not use it, and tell whoever made it: its signatures are sound'
  return new CommandFailure('integrity', `nothing was written: ${why}`, advice, cause)
}

function notEncrypted(bundle: string): CommandFailure {
  return new CommandFailure('usage', `${bundle} cannot be decrypted: it is not encrypted`, 'use it as it is')
}
