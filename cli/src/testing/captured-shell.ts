import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'

import type { ExitCode } from '@stella/core'
import { onTestFinished } from 'vitest'

import { readSettings, runStella } from '../index.ts'

/** What a command line did. */
export interface Outcome {
  readonly code: ExitCode
  readonly stdout: string
  readonly stderr: string
}

/** A folder for one test, with an empty place for pinned keys; it is removed after the test. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'stella-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

/** Runs a command line as a user would, in `folder`, against the server at `url`. */
export async function stella(
  args: readonly string[],
  { folder, url = 'http://127.0.0.1:1', input = '', signal = new AbortController().signal }: StellaOptions,
): Promise<Outcome> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const texts = [textOf(stdout), textOf(stderr)]
  const settings = readSettings({ STELLA_URL: url, STELLA_TOKEN: 'token', XDG_CONFIG_HOME: folder }, folder)
  const code = await runStella(args, { settings, stdin: Readable.from([Buffer.from(input)]), stdout, stderr, signal })
  stdout.end()
  stderr.end()
  const [out = '', err = ''] = await Promise.all(texts)
  return { code, stdout: out, stderr: err }
}

/** Where and how a test runs a command line. */
export interface StellaOptions {
  readonly folder: string
  readonly url?: string
  readonly input?: string
  readonly signal?: AbortSignal
}

async function textOf(stream: PassThrough): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
