import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { CommandFailure, inputFailure } from '@stella/core'

import { type Pack, pack } from 'tar-stream'

import type { EvidenceFile } from './evidence-files.ts'

const WHOLE_FILE_BYTES = 1024 * 1024
const MODE = 0o644

/**
 * The files as one tar, made while it is read; times and owners are left out, since they are no evidence.
 * @param onFile - called with the bytes sent of all files, after each file
 * @throws CommandFailure `failed` for a file that cannot be read, or that changes its size while it is sent
 */
export async function* evidenceTar(
  files: readonly EvidenceFile[],
  onFile: (sentBytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const tar = pack()
  // Its failure reaches the reader below: fill() destroys the stream with it.
  fill(tar, files, onFile).catch((error: unknown) =>
    tar.destroy(error instanceof Error ? error : new Error(String(error))),
  )
  for await (const chunk of tar) if (chunk instanceof Uint8Array) yield chunk
}

async function fill(tar: Pack, files: readonly EvidenceFile[], onFile: (sentBytes: number) => void): Promise<void> {
  let sentBytes = 0
  for (const file of files) {
    await addFile(tar, file)
    sentBytes += file.sizeBytes
    onFile(sentBytes)
  }
  tar.finalize()
}

async function addFile(tar: Pack, file: EvidenceFile): Promise<void> {
  const { path, name, sizeBytes, special } = file
  // Read before its header is written, where it is small: then a file that changed leaves no broken member behind.
  const whole = special ? Buffer.alloc(0) : sizeBytes <= WHOLE_FILE_BYTES ? await readWhole(file) : null
  await new Promise<void>((resolve, reject) => {
    const header = { name, size: sizeBytes, mode: MODE, mtime: new Date(0), type: special ?? 'file' } as const
    const entry = tar.entry(header, (error) => (error ? reject(error) : resolve()))
    entry.on('error', reject)
    if (whole) entry.end(whole)
    else sendLarge(entry, file).catch((cause: unknown) => entry.destroy(inputFailure(String(path), cause)))
  })
}

async function readWhole(file: EvidenceFile): Promise<Buffer> {
  const bytes = await readFile(file.path).catch((cause: unknown) =>
    Promise.reject(inputFailure(String(file.path), cause)),
  )
  if (bytes.length !== file.sizeBytes) throw changed(file)
  return bytes
}

async function sendLarge(entry: ReturnType<Pack['entry']>, file: EvidenceFile): Promise<void> {
  let sentBytes = 0
  for await (const chunk of createReadStream(file.path, { highWaterMark: WHOLE_FILE_BYTES })) {
    sentBytes += chunk.length
    if (sentBytes > file.sizeBytes) throw changed(file)
    if (!entry.write(chunk)) await new Promise<void>((resolve) => entry.once('drain', resolve))
  }
  if (sentBytes < file.sizeBytes) throw changed(file)
  entry.end(null)
}

function changed({ path }: EvidenceFile): CommandFailure {
  const message = `${path} cannot be sent: its size changed while it was read`
  return new CommandFailure('failed', message, 'ingest it again when nothing writes to it')
}
