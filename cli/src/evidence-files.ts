import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, posix, sep } from 'node:path'

import { MAX_INGEST_FILES, MAX_UPLOAD_BYTES } from '@stella/contracts'
import { byteOrder } from '@stella/core'

import { CommandFailure } from './command-failure.ts'
import { inputFailure } from './input-file.ts'

/** A file to send: where it lies, what it is called there, how large it was when it was found. */
export interface EvidenceFile {
  readonly path: string
  /** Relative, with `/`, without `.` and `..`: what summaries call it. */
  readonly name: string
  readonly sizeBytes: number
}

/**
 * The files that `paths` name, none where they are empty folders; folders walked in byte order. In folders, names that begin with a dot are skipped, and links are not
 * followed; what is named on the command line is taken as it is.
 * @throws CommandFailure `notFound` for a path that is absent, `usage` for one that is neither file nor folder, or for too much
 */
export async function findEvidence(paths: readonly string[]): Promise<EvidenceFile[]> {
  const found: EvidenceFile[] = []
  let totalBytes = 0
  for (const path of paths) {
    for await (const file of walk(path)) {
      found.push(file)
      totalBytes += file.sizeBytes
      if (found.length > MAX_INGEST_FILES || totalBytes > MAX_UPLOAD_BYTES) {
        const advice = `send at most ${MAX_INGEST_FILES} files and ${MAX_UPLOAD_BYTES} bytes at a time`
        throw new CommandFailure('usage', `${paths.join(' ')} cannot be sent: it is too much for one batch`, advice)
      }
    }
  }
  return found
}

async function* walk(path: string): AsyncGenerator<EvidenceFile> {
  const stats = await stat(path).catch((cause: unknown) => Promise.reject(inputFailure(path, cause)))
  if (stats.isFile()) yield { path, name: memberName(path), sizeBytes: stats.size }
  else if (stats.isDirectory()) yield* walkFolder(path)
  else
    throw new CommandFailure(
      'usage',
      `${path} cannot be read: it is neither a file nor a folder`,
      'for standard input, give -',
    )
}

async function* walkFolder(folder: string): AsyncGenerator<EvidenceFile> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) =>
    Promise.reject(inputFailure(folder, cause)),
  )
  for (const entry of entries.filter(isTaken).sort((a, b) => byteOrder(a.name, b.name))) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* walkFolder(path)
    else yield* walk(path)
  }
}

function isTaken(entry: Dirent): boolean {
  return !entry.name.startsWith('.') && (entry.isFile() || entry.isDirectory())
}

/** As tar does: a name inside an archive begins neither with `/` nor with `../`. */
function memberName(path: string): string {
  return posix.normalize(path.split(sep).join('/')).replace(/^(?:\.{0,2}\/)+/, '')
}
