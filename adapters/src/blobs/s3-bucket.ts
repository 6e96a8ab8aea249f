import { GetObjectCommand, HeadBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { Problem, S3_ATTEMPTS, S3_CONNECT_MS } from '@stella/contracts'

import { keySegments } from './blob-key.ts'
import type { BlobToPresign } from './blobs.ts'
import type { S3Location } from './parse-s3-url.ts'
import { errorName, s3Problem, statusOf } from './s3-problem.ts'
import { signPayloadDigest } from './sign-payload-digest.ts'

/** An object that is written to find out whether the bucket can be. No key reaches it: their segments never begin with `.`. */
const PROBE = '.stella-writable'

/** The part of a bucket that holds blobs, and the connections to it. Credentials come by the SDK's chain, out of the environment. */
export class S3Bucket {
  readonly client: S3Client
  readonly name: string
  readonly prefix: string

  constructor(location: S3Location, idleMs: number) {
    this.name = location.bucket
    this.prefix = location.prefix
    this.client = new S3Client({
      ...(location.endpoint === null ? {} : { endpoint: location.endpoint }),
      ...(location.region === null ? {} : { region: location.region }),
      forcePathStyle: location.pathStyle,
      maxAttempts: S3_ATTEMPTS,
      retryMode: 'standard',
      // Bytes carry SHA-256 checksums of our own and are verified on every read; the SDK's CRC32 would be work without use.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: { connectionTimeout: S3_CONNECT_MS, socketTimeout: idleMs },
    })
    signPayloadDigest(this.client)
  }

  /** The object of a blob. @throws `request/invalid` for a malformed key */
  object(key: string): { Bucket: string; Key: string } {
    keySegments(key)
    return { Bucket: this.name, Key: `${this.prefix}${key}` }
  }

  /** Runs a call to the store. Its failures become Problems, save where `signal` was aborted: then its reason is thrown. */
  async call<T>(action: string, run: (client: S3Client) => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await run(this.client)
    } catch (error) {
      signal?.throwIfAborted()
      throw s3Problem(error, action)
    }
  }

  /** Resolves where the bucket can be written to. @throws `config/invalid` where it is absent or refuses; `blob/unavailable` */
  async requireWritable(): Promise<void> {
    try {
      await this.client.send(new HeadBucketCommand({ Bucket: this.name }))
      await this.client.send(
        new PutObjectCommand({ Bucket: this.name, Key: `${this.prefix}${PROBE}`, Body: Buffer.alloc(0) }),
      )
    } catch (error) {
      throw this.#notWritable(error)
    }
  }

  /** A URL by which anyone reads a blob for some seconds. */
  async presign({ key, fileName, mediaType, seconds }: BlobToPresign): Promise<string> {
    const command = new GetObjectCommand({
      ...this.object(key),
      ResponseContentDisposition: `attachment; filename="${fileName}"`,
      ResponseContentType: mediaType,
    })
    return this.call(`a URL of the blob ${key} cannot be signed`, (client) =>
      getSignedUrl(client, command, { expiresIn: seconds }),
    )
  }

  #notWritable(error: unknown): Problem {
    const what = `the bucket ${this.name} cannot be written to`
    const wrong = wrongSetting(error)
    return wrong === null
      ? s3Problem(error, what)
      : new Problem('config/invalid', `BLOB_URL cannot be used: ${what}: ${wrong}`, { cause: error })
  }
}

/** What the operator has to mend, where it is that. */
function wrongSetting(error: unknown): string | null {
  const status = statusOf(error)
  if (status === 404) return 'there is no such bucket: create it, or name another'
  if (status === 301 || status === 400) return 'the store refuses region or endpoint: give those of the bucket'
  if (status === 401 || status === 403) return 'permission is denied: check the credentials and what they may do'
  if (errorName(error) === 'CredentialsProviderError') {
    return 'there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'
  }
  return error instanceof Error && error.message === 'Region is missing'
    ? 'no region is known: give region=… or set AWS_REGION'
    : null
}
