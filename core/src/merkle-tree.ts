import { createHash } from 'node:crypto'

const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)

/**
 * Merkle tree hash of a list of leaves, in their order: 32 bytes. Source: RFC 9162, section 2.1.1.
 * Memory: one digest a level, whatever the number of leaves.
 */
export function merkleTreeHash(leaves: Iterable<Uint8Array>): Buffer {
  // Complete subtrees so far, largest first; equal sizes are joined at once, as a binary counter carries.
  const subtrees: { size: number; digest: Buffer }[] = []
  for (const leaf of leaves) {
    subtrees.push({ size: 1, digest: sha256(LEAF, leaf) })
    while (subtrees.at(-2)?.size === subtrees.at(-1)?.size) joinLast(subtrees)
  }
  while (subtrees.length > 1) joinLast(subtrees)
  return subtrees[0]?.digest ?? sha256()
}

function joinLast(subtrees: { size: number; digest: Buffer }[]): void {
  const right = subtrees.pop()
  const left = subtrees.pop()
  if (!left || !right) throw new RangeError('a tree needs two subtrees to join')
  subtrees.push({ size: left.size + right.size, digest: sha256(NODE, left.digest, right.digest) })
}

function sha256(...parts: Uint8Array[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
