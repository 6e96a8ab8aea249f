import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { freePort } from './free-port.ts'
import { accepting, lacksProgram } from './server-program.ts'

const program = { name: 'versitygw', install: 'go install github.com/versity/versitygw/cmd/versitygw@v1.8.0' }

/** True where tests against an object store must be skipped. */
export function lacksObjectStore(): boolean {
  return lacksProgram(program)
}

/** A real S3 server with one bucket on a free port, which tests kill and start again at the same address. For tests. */
export class ObjectStoreProcess {
  /** Credentials, as the AWS SDK reads them from the environment. */
  readonly env = { AWS_ACCESS_KEY_ID: 'stella-test', AWS_SECRET_ACCESS_KEY: 'stella-test-secret' }
  readonly bucket = 'evidence'
  readonly port: number
  readonly #directory = mkdtempSync(join(tmpdir(), 'stella-s3-'))
  #process: ChildProcess | null = null

  private constructor(port: number) {
    this.port = port
    mkdirSync(join(this.#directory, this.bucket))
  }

  /** Starts a server with an empty bucket. */
  static async start(): Promise<ObjectStoreProcess> {
    const store = new ObjectStoreProcess(await freePort())
    await store.resume()
    return store
  }

  /** A BLOB_URL. `prefix`: where in the bucket; `port`: that of a proxy; `scratch`: directory for temporary files. */
  url({ prefix = 'blobs', port = this.port, scratch = '' } = {}): string {
    const where = { endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', 'path-style': 'true' }
    return `s3://${this.bucket}/${prefix}?${new URLSearchParams(scratch ? { ...where, scratch } : where)}`
  }

  /** Replaces the bytes of an object behind the server's back. */
  damage(object: string, bytes: Uint8Array): void {
    writeFileSync(join(this.#directory, this.bucket, object), bytes)
  }

  /** Starts the server on the objects that it left. */
  async resume(): Promise<void> {
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = this.env
    const keys = ['--access', AWS_ACCESS_KEY_ID, '--secret', AWS_SECRET_ACCESS_KEY]
    const options = ['--port', `127.0.0.1:${this.port}`, '--keep-alive', '--quiet', ...keys]
    const started = spawn(program.name, [...options, 'posix', this.#directory], { stdio: 'ignore' })
    this.#process = started
    await once(started, 'spawn')
    await accepting(program, this.port)
  }

  /** Kills the server in the midst of what it does. */
  async kill(): Promise<void> {
    const running = this.#process
    this.#process = null
    if (!running || running.exitCode !== null || running.signalCode !== null) return
    const exited = once(running, 'exit')
    running.kill('SIGKILL')
    await exited
  }

  /** Kills the server and removes what it stored. */
  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
