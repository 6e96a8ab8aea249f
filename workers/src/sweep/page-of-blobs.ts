import type { BlobEntry, Blobs } from '@stella/adapters'

/** Blobs of one place that are looked at in one sweep; the next sweep goes on. */
const PAGE_BLOBS = 1000

/** A page of the blobs under a prefix. */
export interface BlobPage {
  readonly page: readonly BlobEntry[]
  /** The key to go on after, or null where all was looked at. */
  readonly next: string | null
}

/** The blobs under a prefix after a key, or the first ones. @throws `blob/unavailable` */
export async function pageOfBlobs(blobs: Pick<Blobs, 'list'>, prefix: string, after: string | null): Promise<BlobPage> {
  const page = await blobs.list(prefix, { limit: PAGE_BLOBS, after: after ?? '' })
  return { page, next: page.length < PAGE_BLOBS ? null : (page.at(-1)?.key ?? null) }
}
