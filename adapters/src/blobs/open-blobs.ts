import { fileURLToPath } from 'node:url'

import { Problem } from '@stella/contracts'

import type { Blobs } from './blobs.ts'
import { FileBlobs } from './file-blobs.ts'
import { parseS3Url } from './parse-s3-url.ts'

/** Drivers by the scheme of their URL. */
const drivers: Readonly<Record<string, (url: URL) => Promise<Blobs>>> = {
  'file:': (url) => FileBlobs.open(directoryOf(url)),
  's3:': async (url) => {
    // Loaded where it is used alone: the SDK takes time and memory.
    const { S3Blobs } = await import('./s3-blobs.ts')
    return S3Blobs.open(parseS3Url(url))
  },
}

/**
 * Opens the blob store that a URL names: `file:///absolute/directory`, with spaces and the like percent-encoded, or
 * `s3://bucket/prefix?…`, see `parseS3Url`.
 * @throws `config/invalid` for any other URL; `blob/unavailable` where the store cannot be written to
 */
export async function openBlobs(blobUrl: string): Promise<Blobs> {
  const url = URL.canParse(blobUrl) ? new URL(blobUrl) : null
  const driver = url ? drivers[url.protocol] : undefined
  if (!url || !driver) throw invalid('it is not a URL of a known kind')
  return driver(url)
}

function directoryOf(url: URL): string {
  if (url.host !== '' || url.search !== '' || url.hash !== '' || url.pathname === '/') {
    throw invalid('it does not name one absolute directory')
  }
  try {
    return fileURLToPath(url)
  } catch (cause) {
    throw invalid('its path cannot be decoded', cause)
  }
}

function invalid(why: string, cause?: unknown): Problem {
  return new Problem(
    'config/invalid',
    `BLOB_URL cannot be used: ${why}: give file:///absolute/directory, spaces as %20, or s3://bucket/prefix`,
    { cause },
  )
}
