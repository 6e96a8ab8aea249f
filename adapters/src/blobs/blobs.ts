import type { ReadableStream } from 'node:stream/web'

/** What identifies bytes: SHA-256 in lower-case hexadecimal, and their exact number. */
export interface BlobDigest {
  readonly sha256: string
  readonly sizeBytes: number
}

/** A file to store, with what its bytes must be. `move`: the file is taken instead of copied; it is gone afterwards, whatever happens. */
export interface FileToPut extends BlobDigest {
  readonly key: string
  /** Absolute path of a regular file. */
  readonly file: string
  readonly move?: boolean
}

/** Bytes to store that arrive over time. */
export interface StreamToPut {
  readonly key: string
  readonly stream: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>
  readonly maxBytes: number
  readonly signal: AbortSignal
}

/** What to read. `start` is inclusive, `end` exclusive; without them all `sizeBytes` bytes. */
export interface BlobToRead {
  readonly key: string
  /** Size of the whole blob. */
  readonly sizeBytes: number
  /** Digest of the whole blob; that of a sealed key is taken from the key. */
  readonly sha256?: string
  readonly start?: number
  readonly end?: number
}

/** A blob as a list names it. */
export interface BlobEntry {
  readonly key: string
  readonly sizeBytes: number
}

/** A blob that is to be fetched from the store itself. */
export interface BlobToPresign {
  readonly key: string
  readonly sizeBytes: number
  /** What a browser saves it as. */
  readonly fileName: string
  readonly mediaType: string
  /** How long the URL works. */
  readonly seconds: number
}

/** A directory for temporary files, beside the blobs where they are files, so that they can be moved into place. */
export interface Scratch {
  /** Absolute path, mode 0700. */
  readonly directory: string
  /** Removes the directory and all in it. May be called twice. */
  dispose(): Promise<void>
}

/**
 * A store of bytes under keys. A key is one or more segments of `A-Za-z0-9._~-`, joined by `/`; no segment begins with `.`.
 * A key that ends in `sha256/<hex>` is sealed: it holds the bytes of that digest, or nothing.
 *
 * A put is atomic and durable: when it resolves, the bytes were stored and read back; before, and where it fails or the process
 * dies, the key holds what it held. The same bytes again under the same key change nothing.
 *
 * Every method rejects with `blob/unavailable` where the store fails, every put with `blob/full` where it has no room left, and
 * all with `request/invalid` for a malformed key.
 */
export interface Blobs {
  /** Stores a file. @throws `blob/short`, `blob/long`, `blob/altered` where its bytes are not those announced */
  putFile(blob: FileToPut): Promise<void>

  /** Stores bytes held in memory. @throws `blob/altered` where a sealed key names another digest */
  putBytes(blob: { readonly key: string; readonly bytes: Uint8Array }): Promise<BlobDigest>

  /**
   * Stores a stream with back-pressure.
   * @throws `request/too-large` above `maxBytes`; the stream's own error; the reason of `signal` once it is aborted
   */
  putStream(blob: StreamToPut): Promise<BlobDigest>

  /**
   * Opens a blob as a stream of chunks of at most 1 MiB, read as they are consumed; the first was read when it resolves. Bytes of a whole
   * blob are verified, those of a range where the driver can: the stream fails with `blob/altered` in place of a chunk that is wrong, of
   * the last at the latest.
   * Read the stream or cancel it: until then it holds resources.
   * @throws `blob/absent`; `blob/short`, `blob/long` where the size differs; `blob/altered` where the first chunk is wrong;
   * `range/unsatisfiable`
   */
  read(blob: BlobToRead): Promise<ReadableStream<Uint8Array>>

  /**
   * Reads a small blob whole and verifies it.
   * @throws `request/too-large` where `expected` exceeds `maxBytes`; `blob/absent`, `blob/short`, `blob/long`, `blob/altered`
   */
  readBytes(blob: { readonly key: string; readonly maxBytes: number; readonly expected: BlobDigest }): Promise<Buffer>

  /**
   * Absolute path of a local file with the blob's bytes, to be read only. Its size was checked; its reader checks the digest. Where
   * the store is elsewhere, the file is a verified copy in `into`, and goes with it.
   * @throws `blob/absent`, `blob/short`, `blob/long`, `blob/altered`
   */
  localFile(blob: BlobDigest & { readonly key: string }, into: Scratch): Promise<string>

  /**
   * A URL by which whoever has it fetches the blob from the store itself, with ranges, until it expires; null where the store serves
   * nobody. Size was checked; the digest is checked by who fetches.
   * @throws `blob/absent`, `blob/short`, `blob/long`
   */
  presign(blob: BlobToPresign): Promise<string | null>

  /** True where the key holds a blob. */
  exists(key: string): Promise<boolean>

  /** Removes a blob; one that is absent is no error. */
  remove(key: string): Promise<void>

  /** Removes every blob under a prefix, which ends in `/`. */
  removeAll(prefix: string): Promise<void>

  /**
   * Blobs under a prefix, which ends in `/` or is empty, in the byte order of their keys: at most `limit` (1000 unless told, and at
   * most), those after the key `after`.
   */
  list(prefix: string, page?: { readonly after?: string; readonly limit?: number }): Promise<BlobEntry[]>

  /** Makes a directory for temporary files. */
  scratch(): Promise<Scratch>

  /** Removes temporary files that nobody touched for `maxAgeMs`. Returns how many. */
  sweepScratch(maxAgeMs: number): Promise<number>

  /** Resolves where the store can be written to. @throws `blob/unavailable` */
  check(): Promise<void>
}

/** Most blobs of one list. */
export const MAX_LISTED_BLOBS = 1000
