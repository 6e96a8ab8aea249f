import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { freePort } from '../testing/free-port.ts'

/** The server that set-up prepared, or the one that `NATS_SERVER_BIN` names; null where there is none. For tests. */
export function natsServerProgram(): string | null {
  const prepared = fileURLToPath(new URL('../../../.stella/setup/nats-server', import.meta.url))
  const program = process.env.NATS_SERVER_BIN ?? prepared
  return existsSync(program) ? program : null
}

/** A real NATS server with JetStream on a free port, which tests kill and start again at the same address. */
export class NatsServerProcess {
  readonly #arguments: readonly string[]
  readonly #port: number
  #directory = mkdtempSync(join(tmpdir(), 'stella-nats-'))
  #process: ChildProcess | null = null

  private constructor(port: number, serverArguments: readonly string[]) {
    this.#port = port
    this.#arguments = serverArguments
  }

  /** Starts a server with an empty store. */
  static async start(...serverArguments: string[]): Promise<NatsServerProcess> {
    const server = new NatsServerProcess(await freePort(), serverArguments)
    await server.resume()
    return server
  }

  get url(): string {
    return `nats://127.0.0.1:${this.#port}`
  }

  /** Starts the server on the store that it left. */
  async resume(): Promise<void> {
    const store = ['-js', '-sd', this.#directory, '-a', '127.0.0.1', '-p', String(this.#port)]
    const started = spawn(natsServerProgram() ?? 'nats-server', [...store, ...this.#arguments], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#process = started
    let log = ''
    for await (const text of started.stderr.iterator({ destroyOnReturn: false })) {
      log += String(text)
      if (log.includes('Server is ready')) break
    }
    started.stderr.resume()
    if (!log.includes('Server is ready')) throw new Error(`the NATS server did not start: ${log}`)
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

  /** Throws away what the server stored. Only while it is down. */
  loseStore(): void {
    rmSync(this.#directory, { recursive: true, force: true })
    this.#directory = mkdtempSync(join(tmpdir(), 'stella-nats-'))
  }

  /** Kills the server and removes its store. */
  async dispose(): Promise<void> {
    await this.kill()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
