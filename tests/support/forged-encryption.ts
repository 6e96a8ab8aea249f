import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { cpSync, createReadStream, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

import type { EncryptedFiles } from '@stella/contracts'
import { canonicalJson, encodeSignature, withLowS } from '@stella/core'
import { encryptMembers } from '@stella/native'

import { type Encryption, listIn, old } from './encryption.ts'

/** Options that trust the service and, besides, whoever has signed an encrypted mirror that was forged. */
export type TrustOptions = readonly string[]

/** Encrypts the bytes of a file to `old` as a file of an unpacked mirror, in place of what is there, and signs the list of files anew. */
export async function forgeFile(
  at: Encryption,
  tree: string,
  { path, source }: { readonly path: string; readonly source: string },
): Promise<TrustOptions> {
  const digest = createHash('sha256')
  await pipeline(createReadStream(source), digest)
  const parts = [{ file: source, offset: 0, sizeBytes: null }]
  const member = { path, sizeBytes: statSync(source).size, sha256: digest.digest('hex'), parts }
  const out = at.place('forged')
  const by = { recipients: [old.recipient] }
  const [made] = await encryptMembers({ out, members: [member], by, level: 3 })
  if (!made) throw new Error(`${path} was not encrypted`)
  cpSync(out, join(tree, made.path))
  const { files } = listIn(tree)
  const forged = files.map((file) =>
    file.path === made.path ? { path: made.path, size: made.sizeBytes, sha256: made.sha256 } : file,
  )
  return forgeList(at, tree, forged)
}

/** Writes and signs a list of other files. */
export function forgeList(at: Encryption, tree: string, files: EncryptedFiles['files']): TrustOptions {
  const bytes = Buffer.from(`${canonicalJson({ ...listIn(tree), files })}\n`)
  writeFileSync(join(tree, 'signatures/encrypted.json'), bytes)
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signature = withLowS(sign('sha256', bytes, privateKey))
  writeFileSync(join(tree, 'signatures/encrypted.sig'), encodeSignature(signature))
  const forger = at.place('forger')
  writeFileSync(forger, publicKey.export({ type: 'spki', format: 'pem' }))
  return ['--key', at.trustedKey(), '--key', forger]
}
