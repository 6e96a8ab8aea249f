import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

import { asBlobProblem } from './blob-problem.ts'
import { FILE_MODE } from './durable-file.ts'

/**
 * Writes a blob's verified bytes to a file in a directory, named after its key; a second call for the same blob finds it there. The
 * file appears when it is whole. Returns its path.
 */
export async function spoolFile(spool: {
  readonly key: string
  readonly sizeBytes: number
  readonly directory: string
  readonly open: () => Promise<AsyncIterable<Uint8Array>>
}): Promise<string> {
  const { key, sizeBytes, directory } = spool
  const path = join(directory, `blob-${createHash('sha256').update(key).digest('hex')}`)
  const present = await stat(path).catch(() => null)
  if (present?.size === sizeBytes) return path

  const partial = `${path}.partial`
  const chunks = await spool.open()
  await asBlobProblem(`the blob ${key} cannot be copied to this machine`, async () => {
    try {
      await pipeline(chunks, createWriteStream(partial, { mode: FILE_MODE }))
      await rename(partial, path)
    } catch (error) {
      await rm(partial, { force: true })
      throw error
    }
  })
  return path
}
