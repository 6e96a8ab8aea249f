import { open, stat } from 'node:fs/promises'

const TAIL_BYTES = 4096
const TAIL_LINES = 12

/** Size of a log file in bytes, 0 while it does not exist: where the output of the next start will begin. */
export async function logSize(logFile: string): Promise<number> {
  return (await stat(logFile).catch(() => undefined))?.size ?? 0
}

/** The last lines of a log file after `from` bytes, for a message about a program that did not start. */
export async function logTail(logFile: string, from: number): Promise<string> {
  const file = await open(logFile, 'r').catch(() => undefined)
  if (!file) return ''
  try {
    const end = (await file.stat()).size
    const start = Math.max(from, end - TAIL_BYTES)
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(Math.max(0, end - start)),
      0,
      Math.max(0, end - start),
      start,
    )
    return buffer.subarray(0, bytesRead).toString('utf8').trimEnd().split('\n').slice(-TAIL_LINES).join('\n')
  } finally {
    await file.close()
  }
}
