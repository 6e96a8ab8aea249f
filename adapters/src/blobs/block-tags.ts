import { createCipheriv, createHash, randomBytes } from 'node:crypto'

import type { BlobDigest } from './blobs.ts'

const MAGIC = 'STELLABT'
const KEY_BYTES = 16
const TAG_BYTES = 16
const SHA256_BYTES = 32
/** Magic, version and bytes of a block; size; SHA-256 of the blob; key. */
const HEADER_BYTES = 16 + 8 + SHA256_BYTES + KEY_BYTES
const VERSION = 1

/**
 * A tag for each block of a blob, by which any part of it is verified as it is read, at a fifth of the cost of SHA-256 (GMAC: NIST SP
 * 800-38D; the nonce is the block's number). They are made from bytes whose SHA-256 was just found right, under a random key of their
 * own, so that blocks that changed, moved or belong to another blob are found out. The key lies beside the tags: they are no signature.
 */
export class BlockTags {
  readonly blob: BlobDigest
  readonly #blockBytes: number
  readonly #key: Buffer
  readonly #tags: Buffer

  private constructor(tags: { blob: BlobDigest; blockBytes: number; key: Buffer; tags: Buffer }) {
    this.blob = tags.blob
    this.#blockBytes = tags.blockBytes
    this.#key = tags.key
    this.#tags = tags.tags
  }

  /** Begins the tags of a blob that is read from its first block to its last. */
  static begin(blockBytes: number): { add(block: Uint8Array): void; finish(blob: BlobDigest): BlockTags } {
    const key = randomBytes(KEY_BYTES)
    const made: Buffer[] = []
    return {
      add: (block) => void made.push(tagOf(key, made.length, block)),
      finish: (blob) => new BlockTags({ blob, blockBytes, key, tags: Buffer.concat(made) }),
    }
  }

  /** Tags as `encode` wrote them; null for anything else, and for blocks of another size. */
  static decode(bytes: Buffer, blockBytes: number): BlockTags | null {
    const end = bytes.length - SHA256_BYTES
    if (end < HEADER_BYTES || !sha256(bytes.subarray(0, end)).equals(bytes.subarray(end))) return null
    const isOurs = bytes.toString('latin1', 0, 8) === MAGIC && bytes.readUInt32LE(8) === VERSION
    if (!isOurs || bytes.readUInt32LE(12) !== blockBytes) return null
    const blob = { sizeBytes: Number(bytes.readBigUInt64LE(16)), sha256: bytes.toString('hex', 24, 24 + SHA256_BYTES) }
    const tags = bytes.subarray(HEADER_BYTES, end)
    if (tags.length !== Math.ceil(blob.sizeBytes / blockBytes) * TAG_BYTES) return null
    return new BlockTags({ blob, blockBytes, key: bytes.subarray(HEADER_BYTES - KEY_BYTES, HEADER_BYTES), tags })
  }

  /** Little-endian: magic, version, bytes of a block, size, SHA-256, key, tags, and the SHA-256 of all that. */
  encode(): Buffer {
    const header = Buffer.alloc(HEADER_BYTES)
    header.write(MAGIC, 'latin1')
    header.writeUInt32LE(VERSION, 8)
    header.writeUInt32LE(this.#blockBytes, 12)
    header.writeBigUInt64LE(BigInt(this.blob.sizeBytes), 16)
    header.write(this.blob.sha256, 24, 'hex')
    this.#key.copy(header, HEADER_BYTES - KEY_BYTES)
    const bytes = Buffer.concat([header, this.#tags])
    return Buffer.concat([bytes, sha256(bytes)])
  }

  /** True where the block of this number is the one that was tagged. */
  matches(block: Uint8Array, number: number): boolean {
    const tag = this.#tags.subarray(number * TAG_BYTES, (number + 1) * TAG_BYTES)
    return tagOf(this.#key, number, block).equals(tag)
  }
}

function tagOf(key: Buffer, number: number, block: Uint8Array): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUInt32LE(number)
  const cipher = createCipheriv('aes-128-gcm', key, nonce)
  cipher.setAAD(block)
  cipher.final()
  return cipher.getAuthTag()
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}
