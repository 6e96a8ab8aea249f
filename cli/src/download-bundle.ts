import { createHash, type Hash } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { MAX_DOWNLOAD_ATTEMPTS, Problem, type Run } from '@stella/contracts'
import { CommandFailure, inputFailure } from '@stella/core'

import type { ApiClient } from './api-client.ts'
import { byteSize } from './byte-size.ts'
import { say } from './output.ts'
import { type Replacing, requireOutputFile, taken } from './output-file.ts'
import { type Progress, startProgress } from './progress.ts'
import { isRetryable, ServerUnreachable } from './retryable.ts'
import type { Shell } from './shell.ts'

const RETRY_MS = 250
const RETRY_MAX_MS = 8000
/** Cuts in a row at one byte that are no accident. */
const CUTS_AT_ONE_BYTE = 4

type Bundle = NonNullable<Run['bundle']>
interface Part {
  readonly file: FileHandle
  hash: Hash
  sizeBytes: number
}
interface Transfer {
  readonly api: Pick<ApiClient, 'openDownload'>
  readonly runId: string
  readonly bundle: Bundle
  readonly part: Part
  readonly progress: Progress
}

/**
 * Downloads the bundle of a run to `file`, by way of a part that bears its digest in its name, so that it is never that of another
 * bundle: what is there already is hashed and kept, the rest is asked for by range, a broken connection is tried again. `file` appears
 * only when all its bytes have the digest that the run states; where it holds them already nothing is fetched.
 * @throws CommandFailure `usage` unless `force` where another file is there; `integrity` where they have another, and the part is removed; `failed` after `MAX_DOWNLOAD_ATTEMPTS`
 */
export async function downloadBundle(
  api: Pick<ApiClient, 'openDownload'>,
  shell: Shell,
  { run, file, force }: Replacing & { readonly run: Run; readonly file: string },
): Promise<Bundle> {
  const { bundle, id } = run
  if (!bundle) {
    const why = run.state === 'expired' ? `it was pruned, on ${run.expires_at} or later` : `the run is ${run.state}`
    const code = run.state === 'expired' ? 'run/pruned' : 'run/not-finished'
    throw new Problem(code, `the bundle of run ${id} cannot be downloaded: ${why}`)
  }

  await requireOutputFile(file)
  if (await holds(file, bundle, { force })) return bundle
  const partPath = partOf(file, bundle)
  const handle = await open(partPath, constants.O_RDWR | constants.O_CREAT).catch((cause: unknown) =>
    Promise.reject(inputFailure(partPath, cause)),
  )
  const progress = startProgress(shell, `download ${id}`, byteSize)
  try {
    const part = await openPart(handle, partPath, bundle)
    await transfer({ api, runId: id, bundle, part, progress }, shell)
    await handle.sync()
    await checkDigest(part, partPath, bundle)
  } finally {
    progress.end()
    await handle.close()
  }
  await rename(partPath, file).catch((error: unknown) => requireFinished(file, bundle, error))
  return bundle
}

/** True where the file holds the bundle already. @throws CommandFailure `usage` unless `force` where it is another */
async function holds(file: string, bundle: Bundle, { force }: Replacing): Promise<boolean> {
  const there = await stat(file).catch(() => null)
  if (there === null) return false
  if (there.size === bundle.size && (await sha256Of(file)) === bundle.sha256) return true
  if (force) return false
  throw taken(file)
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk)
  return hash.digest('hex')
}

/** Where a bundle lies while it is not whole. */
export function partOf(file: string, { sha256 }: Pick<Bundle, 'sha256'>): string {
  return `${file}.${sha256.slice(0, 16)}.part`
}

async function openPart(file: FileHandle, path: string, bundle: Bundle): Promise<Part> {
  const part: Part = { file, hash: createHash('sha256'), sizeBytes: (await file.stat()).size }
  if (part.sizeBytes > bundle.size) {
    await file.truncate(0)
    part.sizeBytes = 0
  }
  if (part.sizeBytes === 0) return part
  for await (const chunk of createReadStream(path)) part.hash.update(chunk)
  return part
}

/** Writes over what is there, and cuts nothing: another download of the same bundle may be at it. */
function restart(part: Part): void {
  part.hash = createHash('sha256')
  part.sizeBytes = 0
}

async function transfer(download: Transfer, shell: Shell): Promise<void> {
  const { part, bundle } = download
  const cuts: number[] = []
  for (let attempt = 1; part.sizeBytes < bundle.size; attempt += 1) {
    const broken = await receive(download).then(
      () => (part.sizeBytes < bundle.size ? new Error('the connection was closed early') : null),
      brokenBy,
    )
    if (!broken) return
    // A server that is away cuts nothing.
    cuts.push(broken instanceof ServerUnreachable ? -1 : part.sizeBytes)
    const isStuck = isCutAtOneByte(cuts)
    if (isStuck || attempt === MAX_DOWNLOAD_ATTEMPTS) {
      const reason = `${attempt} attempts failed, the last because ${broken.message}`
      const advice = isStuck ? adviceOnDamage(download) : 'run the command again: it goes on where this one stopped'
      throw new CommandFailure('failed', `the download stopped at ${byteSize(part.sizeBytes)}: ${reason}`, advice, {
        cause: broken,
      })
    }
    const pauseMs = Math.min(RETRY_MS * 2 ** (attempt - 1), RETRY_MAX_MS)
    say(shell, `download: ${broken.message}; trying again at ${byteSize(part.sizeBytes)} of ${byteSize(bundle.size)}`)
    await pause(pauseMs, undefined, { signal: shell.signal })
  }
}

function isCutAtOneByte(cuts: readonly number[]): boolean {
  const last = cuts.slice(-CUTS_AT_ONE_BYTE)
  return last.length === CUTS_AT_ONE_BYTE && last.every((at) => at >= 0 && at === last[0])
}

function adviceOnDamage({ runId, part }: Transfer): string {
  return (
    `it was cut at byte ${part.sizeBytes} each time: the stored bundle may be damaged there. ` +
    `\`stella export run verify ${runId}\` tells, and \`stella export reproduce ${runId} --out <file>\` writes it again`
  )
}

async function receive({ api, runId, bundle, part, progress }: Transfer): Promise<void> {
  const response = await api.openDownload(runId, { from: part.sizeBytes, sha256: bundle.sha256 })
  if (response.status !== 206) restart(part)
  else if (!startsAt(response, part.sizeBytes)) throw new Error('the server sent another range than the one asked for')
  for await (const chunk of response.body ?? []) {
    if (part.sizeBytes + chunk.byteLength > bundle.size) throw tooLong(bundle)
    // By position: two downloads of one bundle at once write the same bytes to the same places.
    await writeAt(part.file, chunk, part.sizeBytes)
    part.hash.update(chunk)
    part.sizeBytes += chunk.byteLength
    progress.update(part.sizeBytes, bundle.size)
  }
}

function startsAt(response: Response, from: number): boolean {
  return response.headers.get('content-range')?.startsWith(`bytes ${from}-`) ?? false
}

function tooLong(bundle: Bundle): CommandFailure {
  return new CommandFailure(
    'integrity',
    `the bundle cannot be trusted: the server sends more than the ${bundle.size} bytes it states`,
  )
}

/** The error, where another attempt may do better; else it is thrown. */
function brokenBy(error: unknown): Error {
  if (isRetryable(error)) return error
  throw error
}

async function checkDigest(part: Part, path: string, bundle: Bundle): Promise<void> {
  const sha256 = part.hash.digest('hex')
  if (sha256 === bundle.sha256) return
  await rm(path)
  const message = `the bundle cannot be trusted: its SHA-256 is ${sha256}, the run states ${bundle.sha256}`
  throw new CommandFailure(
    'integrity',
    message,
    `${path} was removed: run the command again to start afresh; where it comes out so again, \`stella export run verify\` says whether the stored bundle is damaged`,
  )
}

async function writeAt(file: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < chunk.byteLength; ) {
    written += (await file.write(chunk, written, chunk.byteLength - written, position + written)).bytesWritten
  }
}

/** Another download of the same bundle may have put it in place first. */
async function requireFinished(file: string, bundle: Bundle, cause: unknown): Promise<void> {
  if ((await sha256Of(file)) === bundle.sha256) return
  throw new CommandFailure('failed', `${file} cannot be written: another command took its place`, null, { cause })
}
