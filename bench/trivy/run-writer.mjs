import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TRIVY_SORT_BYTES } from '@stella/contracts'
import { parseDatabaseUrl, trivyMetadata } from '@stella/core'
import { runMeasured } from '../measured-write.mjs'

const writer = fileURLToPath(new URL('writer.mjs', import.meta.url))
const mapping = await readFile(new URL('../../contracts/mappings/osv-1.7.json', import.meta.url), 'utf8')

/**
 * Runs the writer in a new process, with the login and the settings of a worker, and unpacks the database into `ours` of `dir`.
 * @returns what `measuredWrite` prints
 */
export async function runWriter({ loginUrl, scope, queries, dir }) {
  const [scratch, ours, path] = [join(dir, 'scratch'), join(dir, 'ours'), join(dir, 'shard')]
  for (const folder of [scratch, ours]) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder)
  }
  const source = { connection: parseDatabaseUrl(loginUrl), tenantId: scope.tenantId, queries, files: [] }
  const metadata = trivyMetadata({ updatedAt: '2025-01-01T00:00:00Z', validityDays: 30 })
  const options = {
    source,
    mapping,
    readers: 2,
    maxWithheld: 1_000_000,
    memoryBytes: TRIVY_SORT_BYTES,
    scratch,
    metadata,
  }
  const made = await runMeasured(writer, {
    ...options,
    mtime: 1_735_689_600,
    allowEmpty: false,
    oci: null,
    level: 3,
    path,
  })
  const script = 'head -c "$1" "$2" | tar -xzf - -C "$3"'
  execFileSync('sh', ['-c', script, 'sh', String(made.parts[0].sizeBytes), path, ours])
  return made
}
