import { DescribeKeyCommand, EncryptCommand, KMSClient, KMSServiceException } from '@aws-sdk/client-kms'
import { Problem } from '@stella/contracts'

import type { WrappingKey, WrappingKms } from './wrapping-kms.ts'

/** Times that one request is sent at most. */
const ATTEMPTS = 5
/** How long the KMS may take to connect, and to answer, in milliseconds. */
const TIMEOUT_MS = 5000

/** Where AWS KMS, or what speaks its protocol, is reached; null: as the environment says. */
export interface AwsLocation {
  readonly endpoint: string | null
  readonly region: string | null
}

/**
 * Keys of AWS KMS, by their aliases: `alias/stella/<tenant>/<name>`. Credentials come by the SDK's chain, out of the environment. Which version of a key
 * has wrapped a data key stands in what comes out: `aws kms decrypt` needs nothing else.
 */
export class AwsWrappingKms implements WrappingKms {
  readonly #client: KMSClient

  constructor({ endpoint, region }: AwsLocation) {
    this.#client = new KMSClient({
      ...(endpoint === null ? {} : { endpoint }),
      ...(region === null ? {} : { region }),
      maxAttempts: ATTEMPTS,
      retryMode: 'standard',
      requestHandler: { connectionTimeout: TIMEOUT_MS, requestTimeout: TIMEOUT_MS },
    })
  }

  async fault(key: WrappingKey): Promise<string | null> {
    const alias = aliasOf(key)
    try {
      const { KeyMetadata: told } = await this.#client.send(new DescribeKeyCommand({ KeyId: alias }))
      if (told?.KeySpec !== 'SYMMETRIC_DEFAULT' || told.KeyUsage !== 'ENCRYPT_DECRYPT')
        return `${alias} is not a symmetric key that encrypts`
      return told.Enabled ? null : `${alias} is ${told.KeyState ?? 'disabled'}`
    } catch (error) {
      const problem = kmsProblem(error, alias)
      if (problem.code === 'kms/key-refused') return problem.message
      throw problem
    }
  }

  async wrap(key: WrappingKey, dataKey: Uint8Array): Promise<Buffer> {
    const alias = aliasOf(key)
    try {
      const { CiphertextBlob: wrapped } = await this.#client.send(
        new EncryptCommand({ KeyId: alias, Plaintext: dataKey }),
      )
      return Buffer.from(wrapped ?? [])
    } catch (error) {
      throw kmsProblem(error, alias)
    }
  }
}

function aliasOf({ tenantId, name }: WrappingKey): string {
  return `alias/stella/${tenantId}/${name}`
}

/** What is the KMS's answer to this key is refused; all else may pass, and so does that it is asked too often. */
function kmsProblem(error: unknown, alias: string): Problem {
  const cause = { cause: error }
  if (error instanceof KMSServiceException && error.$fault === 'client' && !isThrottled(error)) {
    return new Problem('kms/key-refused', `the KMS refuses the key ${alias}: ${error.name}`, cause)
  }
  const name = error instanceof Error ? error.name : 'unknown error'
  return new Problem('kms/unavailable', `the KMS does not answer about the key ${alias}: ${name}`, cause)
}

function isThrottled({ name, $metadata }: KMSServiceException): boolean {
  return name.startsWith('Throttl') || $metadata.httpStatusCode === 429
}
