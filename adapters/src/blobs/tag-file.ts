import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { BlobDigest } from './blobs.ts'
import { BlockTags } from './block-tags.ts'
import { FILE_MODE } from './durable-file.ts'
import { BLOCK_BYTES } from './read-blocks.ts'

/** Where the tags of a blob lie: beside it, under a name that no key has. */
function tagFileOf(place: string): string {
  return join(dirname(place), `.${basename(place)}.tags`)
}

/** Puts tags beside a blob. Not synced: what a loss of power leaves of them is refused, and the blob is verified by its digest. */
export async function placeTags(tags: BlockTags, temporary: string, place: string): Promise<void> {
  await writeFile(temporary, tags.encode(), { mode: FILE_MODE })
  await rename(temporary, tagFileOf(place))
}

/** The tags of a blob; null where there are none, or those of other bytes. */
export async function readTags(place: string, { sha256, sizeBytes }: BlobDigest): Promise<BlockTags | null> {
  const bytes = await readFile(tagFileOf(place)).catch(() => null)
  const tags = bytes && BlockTags.decode(bytes, BLOCK_BYTES)
  return tags && tags.blob.sha256 === sha256 && tags.blob.sizeBytes === sizeBytes ? tags : null
}

/** Removes the tags of a blob, where there are any. */
export async function removeTags(place: string): Promise<void> {
  await rm(tagFileOf(place), { force: true })
}
