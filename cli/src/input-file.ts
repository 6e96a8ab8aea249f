import { open } from 'node:fs/promises'

import { CommandFailure, inputFailure } from '@stella/core'

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
