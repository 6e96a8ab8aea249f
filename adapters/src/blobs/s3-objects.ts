import { DeleteObjectsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { Problem } from '@stella/contracts'

import { isKey } from './blob-key.ts'
import type { BlobEntry } from './blobs.ts'
import type { S3Bucket } from './s3-bucket.ts'

/** Objects of one list, and of one removal: a limit of the protocol. */
const PAGE_OBJECTS = 1000

/** Blobs under a prefix after a key, in the byte order of their keys. What lies there without being a blob is left out. */
export async function* listS3(bucket: S3Bucket, prefix: string, after: string): AsyncGenerator<BlobEntry> {
  let from = after === '' ? {} : { StartAfter: `${bucket.prefix}${after}` }
  for (;;) {
    const ask: ListObjectsV2Command = new ListObjectsV2Command({
      Bucket: bucket.name,
      Prefix: `${bucket.prefix}${prefix}`,
      MaxKeys: PAGE_OBJECTS,
      ...from,
    })
    const page = await bucket.call(`the blobs under ${prefix} cannot be listed`, (client) => client.send(ask))
    for (const { Key = '', Size = 0 } of page.Contents ?? []) {
      const key = Key.slice(bucket.prefix.length)
      if (isKey(key)) yield { key, sizeBytes: Size }
    }
    const last = page.Contents?.at(-1)?.Key
    if (!page.IsTruncated || last === undefined) return
    from = { StartAfter: last }
  }
}

/** Removes every blob under a prefix, a page at a time. */
export async function removeAllS3(bucket: S3Bucket, prefix: string): Promise<void> {
  let page: string[] = []
  for await (const { key } of listS3(bucket, prefix, '')) {
    if (page.push(key) < PAGE_OBJECTS) continue
    await removePage(bucket, prefix, page)
    page = []
  }
  if (page.length > 0) await removePage(bucket, prefix, page)
}

async function removePage(bucket: S3Bucket, prefix: string, keys: readonly string[]): Promise<void> {
  const what = `the blobs under ${prefix} cannot be removed`
  const Objects = keys.map((key) => ({ Key: bucket.object(key).Key }))
  const remove = new DeleteObjectsCommand({ Bucket: bucket.name, Delete: { Objects, Quiet: true } })
  const { Errors = [] } = await bucket.call(what, (client) => client.send(remove))
  const [failed] = Errors
  if (failed) throw new Problem('blob/unavailable', `${what}: ${Errors.length} of them, the first ${failed.Code}`)
}
