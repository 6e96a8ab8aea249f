import { open } from 'node:fs/promises'

import { CommandFailure } from './command-failure.ts'

/** A small file, whole. @throws CommandFailure `notFound` where there is none, `usage` where it is larger than `maxBytes` or no file */
export async function readInputFile(path: string, maxBytes: number): Promise<Buffer> {
  const file = await open(path).catch((cause: unknown) => Promise.reject(inputFailure(path, cause)))
  try {
    // A device or a pipe has no size: what is read counts.
    const chunks: Buffer[] = []
    let sizeBytes = 0
    for await (const chunk of file.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
      sizeBytes += chunk.byteLength
      if (sizeBytes > maxBytes)
        throw new CommandFailure('usage', `${path} cannot be read: it is over ${maxBytes} bytes`)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } catch (cause) {
    throw inputFailure(path, cause)
  } finally {
    await file.close()
  }
}

/** Why a file or folder that a command line names cannot be read. */
export function inputFailure(path: string, cause: unknown): CommandFailure {
  if (cause instanceof CommandFailure) return cause
  const code = cause instanceof Error && 'code' in cause ? cause.code : null
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new CommandFailure('notFound', `${path} cannot be read: there is no such file`, 'check the path', { cause })
  }
  const reason = reasons[String(code)] ?? (cause instanceof Error ? cause.message : String(cause))
  return new CommandFailure(code === 'EISDIR' ? 'usage' : 'failed', `${path} cannot be read: ${reason}`, null, {
    cause,
  })
}

/** What the system's codes mean. */
const reasons: Readonly<Record<string, string>> = {
  EACCES: 'you may not read it',
  EISDIR: 'it is a folder',
  ENAMETOOLONG: 'its path is too long',
}
