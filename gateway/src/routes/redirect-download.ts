import { type BundleUrl, mediaTypes, PRESIGNED_URL_SECONDS } from '@stella/contracts'
import type { StoredBytes } from '@stella/db'

import type { GatewayDeps } from '../deps.ts'

/**
 * An answer that sends a client to the object store itself, with a URL that needs no token and works for `PRESIGNED_URL_SECONDS`; null
 * where the store serves nobody.
 * @throws `blob/absent` · `blob/short` · `blob/long`
 */
export async function redirectDownload(
  { blobs, now }: Pick<GatewayDeps, 'blobs' | 'now'>,
  stored: { readonly key: string; readonly fileName: string; readonly bundle: StoredBytes },
  headers: Readonly<Record<string, string>>,
): Promise<Response | null> {
  const { key, fileName, bundle } = stored
  const { size, sha256 } = bundle
  const expires = now().getTime() + PRESIGNED_URL_SECONDS * 1000
  const url = await blobs.presign({
    key,
    sizeBytes: size,
    fileName,
    mediaType: mediaTypes.bundle,
    seconds: PRESIGNED_URL_SECONDS,
  })
  if (url === null) return null
  const body: BundleUrl = { url, expires_at: new Date(expires).toISOString(), size, sha256 }
  return Response.json(body, { status: 307, headers: { ...headers, location: url, 'cache-control': 'no-store' } })
}
