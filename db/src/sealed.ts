/** Size in bytes and SHA-256 in hexadecimal of something stored. */
export interface StoredBytes {
  readonly sha256: string
  readonly size: number
}

/** What a sealed run stored: its bundle, the documents that are served alone by their paths, and what identifies its content. */
export interface Sealed {
  /** The attempt that stored it: a part of every key. */
  readonly attempt: string
  readonly bundle: StoredBytes
  readonly documents: Record<string, StoredBytes>
  /** `sha256:` and the hexadecimal Merkle tree hash over the files. */
  readonly contentRoot: string
}
