import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CreateAliasCommand,
  CreateKeyCommand,
  type CreateKeyCommandInput,
  DecryptCommand,
  DisableKeyCommand,
  KMSClient,
  UpdateAliasCommand,
} from '@aws-sdk/client-kms'

import { freePort } from './free-port.ts'
import { accepting, lacksProgram } from './server-program.ts'

const program = {
  name: 'local-kms',
  install: 'go install github.com/nsmithuk/local-kms@v0.0.0-20260228092603-2a5e92d09ab6',
}
const REGION = 'us-east-1'

/** True where tests against a KMS must be skipped. */
export function lacksKms(): boolean {
  return lacksProgram(program)
}

/** A server that speaks the protocol of AWS KMS, on a free port. For tests. */
export class KmsProcess {
  /** Credentials, as the AWS SDK reads them from the environment. */
  readonly env = { AWS_ACCESS_KEY_ID: 'stella-test', AWS_SECRET_ACCESS_KEY: 'stella-test-secret' }
  readonly #endpoint: string
  readonly #client: KMSClient
  readonly #directory: string
  readonly #process: ChildProcess

  private constructor(port: number) {
    this.#endpoint = `http://127.0.0.1:${port}`
    this.#directory = mkdtempSync(join(tmpdir(), 'stella-kms-server-'))
    const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = this.env
    const credentials = { accessKeyId, secretAccessKey }
    this.#client = new KMSClient({ endpoint: this.#endpoint, region: REGION, credentials })
    const { PATH } = process.env
    const env = { PATH, PORT: String(port), KMS_DATA_PATH: this.#directory, KMS_REGION: REGION }
    this.#process = spawn(program.name, { stdio: 'ignore', env })
  }

  /** Starts a server without keys. */
  static async start(): Promise<KmsProcess> {
    const port = await freePort()
    const kms = new KmsProcess(port)
    await accepting(program, port)
    return kms
  }

  /** An ENCRYPTION_KMS_URL. */
  get url(): string {
    return `aws-kms://${REGION}?endpoint=${encodeURIComponent(this.#endpoint)}`
  }

  /** A new key under an alias; symmetric unless it is said otherwise. */
  async create(alias: string, input: CreateKeyCommandInput = {}): Promise<void> {
    const TargetKeyId = await this.#newKey(input)
    await this.#client.send(new CreateAliasCommand({ AliasName: alias, TargetKeyId }))
  }

  /** Lets an alias name a new key from now on. */
  async rotate(alias: string): Promise<void> {
    await this.#client.send(new UpdateAliasCommand({ AliasName: alias, TargetKeyId: await this.#newKey({}) }))
  }

  /** A key that is there under an alias, and disabled. */
  async createDisabled(alias: string): Promise<void> {
    const KeyId = await this.#newKey({})
    await this.#client.send(new CreateAliasCommand({ AliasName: alias, TargetKeyId: KeyId }))
    await this.#client.send(new DisableKeyCommand({ KeyId }))
  }

  /** What was wrapped by any of its keys. */
  async unwrap(wrapped: Uint8Array): Promise<Buffer> {
    const { Plaintext: plaintext } = await this.#client.send(new DecryptCommand({ CiphertextBlob: wrapped }))
    return Buffer.from(plaintext ?? [])
  }

  async stop(): Promise<void> {
    this.#client.destroy()
    const ended = once(this.#process, 'exit')
    if (this.#process.exitCode === null && this.#process.kill('SIGKILL')) await ended
    rmSync(this.#directory, { recursive: true, force: true })
  }

  async #newKey(input: CreateKeyCommandInput): Promise<string> {
    const { KeyMetadata: told } = await this.#client.send(new CreateKeyCommand(input))
    if (!told?.KeyId) throw new Error('the KMS made no key')
    return told.KeyId
  }
}
