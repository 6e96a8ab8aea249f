import type { ExportFile } from '@stella/contracts'

import { inByteOrder } from './byte-order.ts'
import { canonicalJson } from './canonical-json.ts'
import { merkleTreeHash } from './merkle-tree.ts'

/**
 * One digest for all files of an export: `sha256:` and the hexadecimal Merkle tree hash over the files sorted by path, each leaf
 * the canonical JSON of `{"path","sha256","size"}`. The order given does not matter.
 */
export function contentRoot(files: readonly ExportFile[]): string {
  const leaves = inByteOrder(files, ({ path }) => path).map(({ path, sha256, size }) =>
    Buffer.from(canonicalJson({ path, sha256, size })),
  )
  return `sha256:${merkleTreeHash(leaves).toString('hex')}`
}
