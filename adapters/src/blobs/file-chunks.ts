import { open } from 'node:fs/promises'

import { asBlobProblem } from './blob-problem.ts'
import { BLOCK_BYTES, readBlock } from './read-blocks.ts'

/** The bytes of a local file that is to be stored, in blocks. Failures of the file system become Problems. */
export async function* fileChunks(file: string): AsyncGenerator<Buffer> {
  const action = `the file ${file} cannot be read`
  const handle = await asBlobProblem(action, () => open(file, 'r'))
  try {
    for (let position = 0; ; ) {
      const at = position
      const block = await asBlobProblem(action, () => readBlock(handle, at, BLOCK_BYTES))
      if (block.length === 0) return
      position += block.length
      yield block
    }
  } finally {
    await handle.close()
  }
}
