import { AbortMultipartUploadCommand, ListMultipartUploadsCommand, ListPartsCommand } from '@aws-sdk/client-s3'

import type { S3Bucket } from './s3-bucket.ts'

interface Unfinished {
  readonly Bucket: string
  readonly Key: string
  readonly UploadId: string
}

/**
 * Takes back uploads that were begun but not finished, and of which no part arrived since the time given (milliseconds since 1970):
 * their process died. Returns how many.
 */
export async function abortLeftUploads(bucket: S3Bucket, olderThanMs: number): Promise<number> {
  let aborted = 0
  for await (const { upload, begunMs } of unfinished(bucket)) {
    if (begunMs >= olderThanMs || (await newestPart(bucket, upload)) >= olderThanMs) continue
    await bucket.call(`the upload of ${upload.Key} cannot be taken back`, (client) =>
      client.send(new AbortMultipartUploadCommand(upload)),
    )
    aborted += 1
  }
  return aborted
}

async function* unfinished(bucket: S3Bucket): AsyncGenerator<{ upload: Unfinished; begunMs: number }> {
  const { name: Bucket, prefix: Prefix } = bucket
  let from: { KeyMarker?: string; UploadIdMarker?: string } | null = {}
  while (from) {
    const ask: ListMultipartUploadsCommand = new ListMultipartUploadsCommand({ Bucket, Prefix, ...from })
    const page = await bucket.call('unfinished uploads cannot be listed', (client) => client.send(ask))
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      // A store may list more than the prefix asked for; what belongs to others is left alone.
      if (!Key?.startsWith(Prefix) || !UploadId) continue
      yield { upload: { Bucket, Key, UploadId }, begunMs: Initiated?.getTime() ?? Number.POSITIVE_INFINITY }
    }
    const { IsTruncated, NextKeyMarker, NextUploadIdMarker } = page
    from =
      IsTruncated && NextKeyMarker
        ? { KeyMarker: NextKeyMarker, ...(NextUploadIdMarker ? { UploadIdMarker: NextUploadIdMarker } : {}) }
        : null
  }
}

/** When the latest part of an upload arrived; infinitely late where the upload is gone meanwhile, 0 where it has none. */
async function newestPart(bucket: S3Bucket, upload: Unfinished): Promise<number> {
  let newest = 0
  let after: string | undefined
  do {
    const ask: ListPartsCommand = new ListPartsCommand({ ...upload, ...(after ? { PartNumberMarker: after } : {}) })
    const page = await bucket.call(`the parts of ${upload.Key} cannot be listed`, (client) =>
      client.send(ask).catch((error: unknown) => {
        if (error instanceof Error && error.name === 'NoSuchUpload') return null
        throw error
      }),
    )
    if (page === null) return Number.POSITIVE_INFINITY
    for (const { LastModified } of page.Parts ?? []) newest = Math.max(newest, LastModified?.getTime() ?? 0)
    after = page.IsTruncated ? page.NextPartNumberMarker : undefined
  } while (after)
  return newest
}
