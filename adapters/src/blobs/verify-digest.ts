import { Problem } from '@stella/contracts'

import type { BlobDigest } from './blobs.ts'

/** Compares a size with the one expected. @throws `blob/short`, `blob/long` */
export function verifySize(key: string, found: number, expected: number): void {
  if (found === expected) return
  const code = found < expected ? 'blob/short' : 'blob/long'
  throw new Problem(code, `the blob ${key} cannot be used: it has ${found} bytes, ${expected} are expected`)
}

/** Compares size, then digest, with those expected. @throws `blob/short`, `blob/long`, `blob/altered` */
export function verifyDigest(key: string, found: BlobDigest, expected: BlobDigest): void {
  verifySize(key, found.sizeBytes, expected.sizeBytes)
  if (found.sha256 === expected.sha256) return
  throw new Problem(
    'blob/altered',
    `the blob ${key} cannot be used: its SHA-256 is ${found.sha256}, ${expected.sha256} is expected`,
  )
}

/** @throws `range/unsatisfiable` for bytes that a blob does not have */
export function requireRange({ start, end, sizeBytes }: { start: number; end: number; sizeBytes: number }): void {
  if (0 <= start && start <= end && end <= sizeBytes) return
  throw new Problem('range/unsatisfiable', `bytes ${start} to ${end} of ${sizeBytes} cannot be read: no such range`)
}

/** @throws `request/too-large` for a blob that is not to be read into memory */
export function requireSmall(blob: { key: string; maxBytes: number; expected: BlobDigest }): void {
  const { key, maxBytes, expected } = blob
  if (expected.sizeBytes <= maxBytes) return
  const sizes = `it has ${expected.sizeBytes} bytes, at most ${maxBytes} are allowed`
  throw new Problem('request/too-large', `the blob ${key} cannot be read into memory: ${sizes}`)
}
