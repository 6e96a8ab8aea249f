import type { S3Client } from '@aws-sdk/client-s3'

const CHECKSUM = 'x-amz-checksum-sha256'

/**
 * Has requests that carry the SHA-256 of their body signed with it, instead of leaving the SDK to hash the body again. Every store
 * checks what is signed against what arrives, also one that knows no checksums.
 */
export function signPayloadDigest(client: S3Client): void {
  client.middlewareStack.add(
    (next) => (args) => {
      const { request } = args
      const headers = isWithHeaders(request) ? request.headers : {}
      const checksum = headers[CHECKSUM]
      if (checksum !== undefined) headers['x-amz-content-sha256'] = Buffer.from(checksum, 'base64').toString('hex')
      return next(args)
    },
    { step: 'build', priority: 'low', name: 'signPayloadDigest' },
  )
}

function isWithHeaders(request: unknown): request is { headers: Record<string, string> } {
  return typeof request === 'object' && request !== null && 'headers' in request
}
