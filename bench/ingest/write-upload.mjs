import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { numberedRecords } from '../jsonl/numbered-records.mjs'

/** Writes `count` documents made from `bases` as JSON lines. @returns size of the file in bytes */
export async function writeUpload(path, { bases, count }) {
  const { textAt } = numberedRecords(bases)
  let sizeBytes = 0
  async function* blocks() {
    let lines = []
    for (let index = 0; index < count; index++) {
      lines.push(textAt(index))
      if (lines.length < 512 && index + 1 < count) continue
      const block = Buffer.from(`${lines.join('\n')}\n`)
      sizeBytes += block.length
      lines = []
      yield block
    }
  }
  await pipeline(blocks, createWriteStream(path))
  return sizeBytes
}
