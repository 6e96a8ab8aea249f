import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { corpusRecords } from './corpus-records.mjs'

/** Mean size that the issues ask for, in bytes. */
const wantedMeanBytes = 2000

/** Real records to make others from: those of the corpus, or of the samples where it is absent, without the shortest, so that their mean size is what is wanted. */
export async function baseRecords() {
  const corpus = fileURLToPath(new URL('../../../shared/corpus/osv', import.meta.url))
  return longEnough(
    await corpusRecords(existsSync(corpus) ? corpus : fileURLToPath(new URL('../../samples', import.meta.url))),
  )
}

/** The shortest are left out until the mean is what is wanted. */
function longEnough(records) {
  const sized = records.map((record) => ({ record, bytes: Buffer.byteLength(record) }))
  const lengths = sized.map(({ bytes }) => bytes).sort((a, b) => a - b)
  let sum = lengths.reduce((a, b) => a + b, 0)
  let dropped = 0
  while (dropped < lengths.length - 1 && sum / (lengths.length - dropped) < wantedMeanBytes) sum -= lengths[dropped++]
  return sized.filter(({ bytes }) => bytes >= lengths[dropped]).map(({ record }) => record)
}
