import { open } from 'node:fs/promises'

import { CommandFailure } from './command-failure.ts'

/** A small file, whole. @throws CommandFailure `notFound` where there is none, `usage` where it is larger than `maxBytes` or no file */
export async function readInputFile(path: string, maxBytes: number): Promise<Buffer> {
  const file = await open(path).catch((cause: unknown) => Promise.reject(inputFailure(path, cause)))
  try {
    const { size } = await file.stat()
    if (size > maxBytes) throw new CommandFailure('usage', `${path} cannot be read: it is over ${maxBytes} bytes`)
    return await file.readFile()
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
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new CommandFailure(code === 'EISDIR' ? 'usage' : 'failed', `${path} cannot be read: ${reason}`, null, {
    cause,
  })
}
