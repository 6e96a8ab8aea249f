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
