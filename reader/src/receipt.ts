import { createHash, createPrivateKey, createSign, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { canonicalJson, encodeSignature, type Json, withLowS } from '@stella/core'

import { isThere } from './generations.ts'

/** SHA-256 as receipts name it: 64 lower-case hexadecimal characters. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** The index of a mirror in parts, and the parts that it names. */
export interface ReceiptIndex {
  readonly content_root: string
  readonly sha256: string
  readonly parts: readonly { readonly file: string; readonly content_root: string; readonly manifest_sha256: string }[]
}

/** What an import leaves for whoever asks later: signed by the reader's own key, whose public half lies beside it as `reader.pub.pem`. */
export interface Receipt {
  readonly schema_version: '1'
  /** `mirror`, `trivy-db` or `trivy-java-db`. */
  readonly kind: string
  readonly imported_at: string
  readonly generation: number
  /** Of a mirror: which ledger it was made of, and the state of its records. */
  readonly ledger: string | null
  readonly ledger_revision: number
  readonly content_root: string
  readonly state_root: string | null
  readonly manifest_sha256: string
  /** Of a mirror that came in parts: its signed index, since nobody has signed the manifest of what they were assembled into. */
  readonly index: ReceiptIndex | null
  /** The key that signed the mirror or its index, or the last delta that was applied to it. */
  readonly signed_by: string
  /** Folder of the generation that served before; null for the first. */
  readonly replaces: string | null
}

/**
 * Writes a receipt and its signature (base64 of ECDSA P-256 with SHA-256, as `export.sig`) into `receipts/` of the reader's folder. Its name sorts by time.
 * @returns path of the receipt
 */
export async function writeReceipt(root: string, receipt: Receipt): Promise<string> {
  const key = await ownKey(root)
  const folder = join(root, 'receipts')
  await mkdir(folder, { recursive: true })
  const bytes = Buffer.from(`${canonicalJson({ ...receipt } as Json)}\n`)
  const signature = withLowS(createSign('sha256').update(bytes).sign(key))
  const path = join(folder, `${receipt.imported_at.replaceAll(':', '')}-${receipt.generation}.json`)
  await writeSynced(`${path}.sig`, Buffer.from(encodeSignature(signature)))
  await writeSynced(path, bytes)
  return path
}

/** Whether the newest receipt of a kind is for the manifest of this SHA-256. */
export async function hasReceipt(root: string, kind: string, manifestSha256: string): Promise<boolean> {
  const folder = join(root, 'receipts')
  const names = await readdir(folder).catch(() => [])
  for (const name of names
    .filter((file) => file.endsWith('.json'))
    .sort()
    .reverse()) {
    const receipt = JSON.parse(await readFile(join(folder, name), 'utf8')) as Receipt
    if (receipt.kind === kind) return receipt.manifest_sha256 === manifestSha256
  }
  return false
}

/** The reader's own key, made at the first import. It leaves this machine never. */
async function ownKey(root: string): Promise<KeyObject> {
  const file = join(root, 'reader.key.pem')
  if (!(await isThere(file))) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    await writeSynced(join(root, 'reader.pub.pem'), Buffer.from(pem))
    await writeSynced(file, Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()), 0o600)
  }
  return createPrivateKey(await readFile(file))
}

async function writeSynced(path: string, bytes: Uint8Array, mode = 0o644): Promise<void> {
  await writeFile(`${path}.new`, bytes, { mode })
  const handle = await open(`${path}.new`, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(`${path}.new`, path)
}
