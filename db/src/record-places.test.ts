import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { formatDatabaseUrl, parseDatabaseUrl } from '@stella/core'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate as runMigrations } from 'drizzle-orm/postgres-js/migrator'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { connectionOptions } from './connection-options.ts'
import { migrate } from './migrate.ts'
import { openDatabase } from './open-database.ts'
import { keysOf } from './testing/read-query.ts'
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from './testing/test-database.ts'

const PLACES = '0008_record_places'
let cluster: TestDatabase

// Makes the roles, of the cluster, that migrations grant to.
beforeAll(async () => {
  cluster = await createTestDatabase()
})
afterAll(() => cluster.close())

test('what was ingested before 0008 keeps its selectors, where the owner is bound by row level security too', async () => {
  const { ownerUrl, drop } = await createEmptyDatabase()
  const server = parseDatabaseUrl(ownerUrl)
  const name = `owner_${server.database}`
  const password = server.password || server.user
  const admin = postgres(connectionOptions(ownerUrl, 1))
  try {
    await admin.unsafe(`create role ${name} login createrole password '${password}';
      alter database ${server.database} owner to ${name}; alter schema public owner to ${name}`)
    const url = formatDatabaseUrl({ ...server, user: name, password })
    await migrateBefore(PLACES, url)
    await admin.unsafe(ingestedBefore)

    const database = openDatabase(await migrate(url), { max: 1 })
    const scopeOf = (tenantId: string, filters: object) => ({ tenantId, ledgerRevision: 2, filters })
    expect(await keysOf(database, scopeOf('one', { ecosystems: ['npm'] }), 'advisory')).toEqual(['A', 'B'])
    expect(await keysOf(database, scopeOf('one', { packages: ['pkg:npm/b@1'] }), 'advisory')).toEqual(['B'])
    expect(await keysOf(database, scopeOf('two', { ecosystems: ['npm'] }), 'advisory')).toEqual([])
    expect(await keysOf(database, scopeOf('two', {}), 'advisory')).toEqual(['A'])
    const places = await admin`select tenant_id, revision::int, ordinal, record_key from records order by 1, 2, 3`
    expect(places.map((row) => Object.values(row).join(' '))).toEqual([
      'one 1 1 A',
      'one 1 2 B',
      'one 2 1 A',
      'two 1 1 A',
    ])
    await database.close()
  } finally {
    await admin.end({ timeout: 1 })
    await drop()
    await cluster.owner.unsafe(`drop role ${name}`)
  }
})

/** Brings an empty database to the schema before one migration. */
async function migrateBefore(tag: string, url: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'stella-migrations-'))
  const client = postgres(connectionOptions(url, 1))
  try {
    await cp(fileURLToPath(new URL('../migrations', import.meta.url)), folder, { recursive: true })
    const path = join(folder, 'meta', '_journal.json')
    const journal = JSON.parse(await readFile(path, 'utf8')) as { entries: { tag: string }[] }
    const at = journal.entries.findIndex((entry) => entry.tag === tag)
    expect(at).toBeGreaterThan(0)
    await writeFile(path, JSON.stringify({ ...journal, entries: journal.entries.slice(0, at) }))
    await runMigrations(drizzle(client), { migrationsFolder: folder })
  } finally {
    await client.end({ timeout: 1 })
    await rm(folder, { recursive: true })
  }
}

/** Versions and selectors as they were stored: of one tenant B, A and a later version of A; of another A without selectors. */
const ingestedBefore = `
  insert into records (tenant_id, kind, record_key, document_key, revision, retired_revision, document_version,
    artifact_sha256, content_sha256, body_sha256, body)
  select tenant, 'advisory', key, key, revision, retired, 0, sha256(''), sha256(''), sha256(''), '{}'
  from (values ('one', 'B', 1, null), ('one', 'A', 1, 2), ('one', 'A', 2, null), ('two', 'A', 1, null)) v (tenant, key, revision, retired);
  insert into record_selectors (tenant_id, name, value, version_id)
  select r.tenant_id, s.name, s.value, r.version_id from records r
  join (values ('A', 2, 'ecosystem', 'npm'), ('B', 1, 'ecosystem', 'npm'), ('B', 1, 'package', 'pkg:npm/b'), ('B', 1, 'package_any', 'pkg:npm/b'))
    s (key, revision, name, value) on s.key = r.record_key and s.revision = r.revision
  where r.tenant_id = 'one'`
