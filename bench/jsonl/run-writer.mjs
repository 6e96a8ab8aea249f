import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FRAME_BYTES } from '@stella/contracts'
import { parseDatabaseUrl } from '@stella/core'
import { runMeasured } from '../measured-write.mjs'

const writer = fileURLToPath(new URL('writer.mjs', import.meta.url))
const mapping = await readFile(new URL('../../contracts/mappings/osv-1.7.json', import.meta.url), 'utf8')

/** Runs the writer in a new process, with the login and the settings of a worker. @returns what `measuredWrite` prints */
export function runWriter({ loginUrl, scope, queries, readers, dir }) {
  const options = {
    connection: parseDatabaseUrl(loginUrl),
    tenantId: scope.tenantId,
    queries,
    mapping,
    level: 3,
    frameBytes: FRAME_BYTES,
    readers,
    maxWithheld: 1_000_000,
    path: join(dir, 'ours.zst'),
  }
  return runMeasured(writer, options)
}
