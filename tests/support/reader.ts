import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect } from 'vitest'

import { root } from '../source-files.ts'
import type { Outcome } from './tenant.ts'

const READER = join(root, 'reader/bin/stella-reader.js')

/** What the reader answers about records. */
export interface Answer {
  readonly mirror: Record<string, unknown>
  readonly covered: boolean
  readonly items: readonly {
    readonly key: string
    readonly document: string
    readonly record: { readonly id: string; readonly vulnerability?: { readonly name: string } }
    readonly verdict?: string
    readonly reason?: string
  }[]
}

/** A reader with a folder of its own. */
export class Reader {
  readonly home = mkdtempSync(join(tmpdir(), 'stella-reader-'))
  readonly #key: () => string

  /** `key`: path of the public key that it trusts, asked for when something is imported. */
  constructor(key: () => string) {
    this.#key = key
  }

  run(...args: string[]): Promise<Outcome> {
    return new Promise((resolve) => {
      execFile(process.execPath, [READER, '--root', this.home, ...args], (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr })
      })
    })
  }

  /** Bundles to import, and options. */
  import(...args: [string, ...string[]]): Promise<Outcome> {
    return this.run('import', ...args, '--key', this.#key())
  }

  async query(...args: string[]): Promise<Answer> {
    const { code, stdout, stderr } = await this.run('query', ...args)
    expect([code, stderr]).toEqual([0, ''])
    return JSON.parse(stdout) as Answer
  }

  /** Serves at a free port until `stop`. */
  async serve(): Promise<{ url: string; pid: number | undefined; stop: () => Promise<unknown> }> {
    const child: ChildProcess = spawn(process.execPath, [READER, '--root', this.home, 'serve', '--port', '0'])
    const line = await new Promise<string>((resolve) => child.stdout?.once('data', (data) => resolve(String(data))))
    const { listening } = JSON.parse(line) as { listening: string }
    const ended = new Promise((resolve) => child.once('exit', resolve))
    return {
      url: listening,
      pid: child.pid,
      stop: () => {
        child.kill('SIGTERM')
        return ended
      },
    }
  }

  /** Imports a bundle and kills the import after some time, unless it has ended. */
  async killedImport(bundle: string, afterMs: number, ...options: string[]): Promise<void> {
    const args = [READER, '--root', this.home, 'import', bundle, '--key', this.#key(), ...options]
    const child = spawn(process.execPath, args)
    const ended = new Promise((resolve) => child.once('exit', resolve))
    const timer = setTimeout(() => child.kill('SIGKILL'), afterMs)
    await ended
    clearTimeout(timer)
  }

  generations(): string[] {
    return readdirSync(join(this.home, 'generations')).sort()
  }
}
