import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TRIVY_SORT_BYTES } from '@stella/contracts'
import { parseDatabaseUrl, trivyMetadata } from '@stella/core'
import { runMeasured } from './measured-write.mjs'

const writer = fileURLToPath(new URL('database-writer.mjs', import.meta.url))

/**
 * Builds a database of one kind of record in a new process, with the login and the settings of a worker, and unpacks it into `ours` of `dir`.
 *
 * @param {{ variant: string, schema: number, kind: string, mapping: string, loginUrl: string, scope: { tenantId: string }, queries: string[], dir: string }} work
 * @returns what `measuredWrite` prints
 */
export async function runDatabase({ variant, schema, kind, mapping, loginUrl, scope, queries, dir }) {
  const [scratch, ours, path] = [join(dir, 'scratch'), join(dir, 'ours'), join(dir, 'shard')]
  for (const folder of [scratch, ours]) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder)
  }
  const file = new URL(`../contracts/mappings/${mapping}.json`, import.meta.url)
  const made = await runMeasured(writer, {
    variant,
    connection: parseDatabaseUrl(loginUrl),
    tenantId: scope.tenantId,
    sources: [{ kind, mapping: await readFile(file, 'utf8'), queries, files: [] }],
    readers: 2,
    maxWithheld: 1_000_000,
    memoryBytes: TRIVY_SORT_BYTES,
    scratch,
    metadata: trivyMetadata({ schema, updatedAt: '2025-01-01T00:00:00Z', validityDays: 30 }),
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
