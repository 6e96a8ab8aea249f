import { constants, type Dirent } from 'node:fs'
import { access, readdir, stat } from 'node:fs/promises'
import { join, posix, sep } from 'node:path'
import { MAX_INGEST_FILES, MAX_UPLOAD_BYTES } from '@stella/contracts'
import { CommandFailure, inputFailure } from '@stella/core'

/** What is no file. It is sent as archives hold it, without content, so that it is refused by name. */
type Special = 'symlink' | 'fifo' | 'character-device'

/** A file to send: where it lies, what it is called there, how large it was when it was found. */
export interface EvidenceFile {
  /** Its bytes where it is no UTF-8. */
  readonly path: string | Buffer
  /** Relative, with `/`, without `.` and `..`: what summaries call it. */
  readonly name: string
  readonly sizeBytes: number
  readonly special?: Special
}

/** The files to send, and why others of the same folders cannot be read. */
export interface FoundEvidence {
  readonly files: EvidenceFile[]
  readonly unreadable: CommandFailure[]
}

/**
 * The files that `paths` name, none where they are empty folders; folders walked in byte order. In folders, names that begin with a dot are
 * skipped, and links are not followed; what is named on the command line is taken as it is.
 * @throws CommandFailure `notFound` for a path that is absent, `usage` for one that is neither file nor folder, or for too much
 */
export async function findEvidence(paths: readonly string[]): Promise<FoundEvidence> {
  const found: FoundEvidence = { files: [], unreadable: [] }
  let totalBytes = 0
  for (const path of paths) {
    for await (const file of walk(path)) {
      if (file instanceof CommandFailure) {
        found.unreadable.push(file)
        continue
      }
      found.files.push(file)
      totalBytes += file.sizeBytes
      if (found.files.length > MAX_INGEST_FILES || totalBytes > MAX_UPLOAD_BYTES) {
        const advice = `send at most ${MAX_INGEST_FILES} files and ${MAX_UPLOAD_BYTES} bytes at a time`
        throw new CommandFailure('usage', `${paths.join(' ')} cannot be sent: it is too much for one batch`, advice)
      }
    }
  }
  return found
}

async function* walk(path: string): AsyncGenerator<EvidenceFile | CommandFailure> {
  const stats = await stat(path).catch((cause: unknown) => Promise.reject(inputFailure(path, cause)))
  if (stats.isFile()) yield { path, name: memberName(path), sizeBytes: stats.size }
  else if (stats.isDirectory()) yield* walkFolder(path, true)
  else
    throw new CommandFailure(
      'usage',
      `${path} cannot be read: it is neither a file nor a folder`,
      'for standard input, give -',
    )
}

async function* walkFolder(folder: string | Buffer, isNamed = false): AsyncGenerator<EvidenceFile | CommandFailure> {
  const entries = await readdir(folder, { withFileTypes: true, encoding: 'buffer' }).catch((cause: unknown) =>
    inputFailure(String(folder), cause),
  )
  if (entries instanceof CommandFailure) {
    if (isNamed) throw entries
    return yield entries
  }
  for (const entry of entries.filter(isTaken).sort((a, b) => Buffer.compare(a.name, b.name))) {
    const path = pathIn(folder, entry.name)
    if (entry.isDirectory()) yield* walkFolder(path)
    else yield await fileOf(path, entry)
  }
}

async function fileOf(path: string | Buffer, entry: Dirent<Buffer>): Promise<EvidenceFile | CommandFailure> {
  const name = memberName(String(path))
  const special = specialOf(entry)
  if (special) return { path, name, sizeBytes: 0, special }
  try {
    await access(path, constants.R_OK)
    return { path, name, sizeBytes: (await stat(path)).size }
  } catch (cause) {
    return inputFailure(String(path), cause)
  }
}

function specialOf(entry: Dirent<Buffer>): Special | null {
  if (entry.isFile()) return null
  if (entry.isSymbolicLink()) return 'symlink'
  return entry.isFIFO() || entry.isSocket() ? 'fifo' : 'character-device'
}

/** A path of text where it is UTF-8, so that it is told as it was given. */
function pathIn(folder: string | Buffer, name: Buffer): string | Buffer {
  const text = name.toString()
  if (typeof folder === 'string' && Buffer.from(text).equals(name)) return join(folder, text)
  return Buffer.concat([Buffer.from(folder), Buffer.from(sep), name])
}

function isTaken(entry: Dirent<Buffer>): boolean {
  return entry.name[0] !== '.'.charCodeAt(0)
}

/** As tar does: a name inside an archive begins neither with `/` nor with `../`. */
function memberName(path: string): string {
  return posix.normalize(path.split(sep).join('/')).replace(/^(?:\.{0,2}\/)+/, '')
}
