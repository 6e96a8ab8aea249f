import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { chainAudit, recordAudit } from './audit-log.ts'
import { requestRun } from './export-runs.ts'
import { recordAnswer } from './idempotency-keys.ts'
import { recordPlan } from './plans.ts'
import { createProfile } from './profiles.ts'
import { leaseTokens } from './rate-buckets.ts'
import { recordShard } from './run-shards.ts'
import { beginPlanning } from './run-steps.ts'
import { requestVerification } from './run-verifications.ts'
import { auditFact } from './testing/audit-fact.ts'
import { advisory, merge, problemOf } from './testing/evidence.ts'
import { planOf, profileOf, shardOutput } from './testing/runs.ts'
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts'
import { withTenant } from './with-tenant.ts'

const tables = [
  'ledger_heads',
  'ingests',
  'ledger_revisions',
  'raw_artifacts',
  'records',
  'record_selectors',
  'profiles',
  'plans',
  'export_runs',
  'run_shards',
  'rate_buckets',
  'idempotency_keys',
  'audit_outbox',
  'audit_entries',
  'run_verifications',
  'event_outbox',
]
let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
  for (const tenantId of ['alpha', 'beta']) {
    await merge(database, { tenantId, documents: [advisory('A', '2025-01-01T00:00:00Z', 'x', ['ecosystem=npm'])] })
    await withTenant(database, tenantId, async (tx) => {
      const profile = await createProfile(tx, { tenantId, id: 'prof_raw', profile: profileOf(), createdBy: 'tester' })
      await requestRun(tx, {
        tenantId,
        id: 'run_1',
        profile,
        filters: {},
        trigger: 'manual',
        reproduces: null,
        planId: 'plan_1',
        createdBy: 'tester',
      })
      await beginPlanning(tx, { tenantId, runId: 'run_1' })
      await recordPlan(tx, { tenantId, runId: 'run_1', plan: planOf(tenantId, 'plan_1', profile) })
      const keyed = { tenantId, key: 'k', fingerprint: 'a'.repeat(64) }
      await recordAnswer(tx, keyed, { status: 201, headers: {}, body: '{}' })
      await recordShard(tx, { tenantId, runId: 'run_1', shard: 0, output: shardOutput(0) })
      await leaseTokens(tx, { tenantId, bucket: 'requests', quota: { tokens: 5, windowSeconds: 60 }, wanted: 1 })
      await requestVerification(tx, { tenantId, id: 'ver_1', runId: 'run_1', createdBy: 'tester' })
      await recordAudit(tx, auditFact(tenantId))
      await chainAudit(tx, 10)
      await recordAudit(tx, auditFact(tenantId))
    })
  }
})
afterAll(() => database.close())

test('every table of the schema is under the test, with row level security enabled and forced', async () => {
  const found = await database.owner`
    select relname, relrowsecurity and relforcerowsecurity as bound from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r' order by relname`
  expect([...found]).toEqual(tables.toSorted().map((relname) => ({ relname, bound: true })))
})

test.each(tables)('%s: a session without a tenant sees nothing, a tenant sees its own rows alone', async (table) => {
  const none = await database.transaction({ settings: '' }, (tx) =>
    tx.execute(sql`select from ${sql.identifier(table)}`),
  )
  expect(none.length).toBe(0)
  for (const tenantId of ['alpha', 'beta']) {
    const rows = await withTenant(database, tenantId, async (tx) => [
      ...(await tx.execute<{ tenant_id: string }>(sql`select tenant_id from ${sql.identifier(table)}`)),
    ])
    expect(rows.length).toBeGreaterThan(0)
    expect(new Set(rows.map((row) => row.tenant_id))).toEqual(new Set([tenantId]))
  }
})

test.each(tables)('%s: a tenant cannot write a row of another, nor remove one of its own', async (table) => {
  const [columns] = await database.owner<{ list: string }[]>`
    select string_agg(quote_ident(attname), ', ') as list from pg_attribute
    where attrelid = ${`public.${table}`}::regclass and attnum > 0 and attname <> 'tenant_id' and attidentity = ''`
  // Rows of beta with alpha's values: beta's session may read none of them, so the values come from its own row.
  const forged = `insert into public.${table} (tenant_id, ${columns?.list}) select 'alpha', ${columns?.list} from public.${table}`
  await expect(run('beta', forged)).rejects.toMatchObject({ cause: { cause: { code: '42501' } } })
  await expect(run('beta', `delete from public.${table}`)).rejects.toMatchObject({
    cause: { cause: { code: '42501' } },
  })
  await expect(run('beta', `truncate public.${table}`)).rejects.toMatchObject({ cause: { cause: { code: '42501' } } })
  await expect(run('beta', `update public.${table} set tenant_id = 'alpha'`)).rejects.toMatchObject({
    cause: { cause: { code: '42501' } },
  })
})

test.each([
  'raw_artifacts',
  'record_selectors',
  'profiles',
  'plans',
  'run_shards',
  'ledger_revisions',
  'idempotency_keys',
  'audit_outbox',
  'audit_entries',
  'event_outbox',
])('%s: rows are never updated', async (table) => {
  const [column] = await database.owner<{ name: string }[]>`
    select attname as name from pg_attribute where attrelid = ${`public.${table}`}::regclass and attnum > 0 and attidentity = '' and attname <> 'tenant_id' limit 1`
  await expect(run('beta', `update public.${table} set ${column?.name} = ${column?.name}`)).rejects.toMatchObject({
    cause: { cause: { code: '42501' } },
  })
})

test('a record version is retired once, and nothing else of it changes', async () => {
  await expect(run('alpha', `update records set body = ''`)).rejects.toMatchObject({
    cause: { cause: { code: '42501' } },
  })
  await expect(run('alpha', `update records set retired_revision = null`)).rejects.toMatchObject({
    cause: { cause: { code: '42501' } },
  })
  const tenantId = 'gamma'
  await merge(database, { tenantId, documents: [advisory('A', '2025-01-01T00:00:00Z')] })
  await merge(database, { tenantId, documents: [advisory('A', '2025-01-02T00:00:00Z')] })
  const again = await withTenant(database, tenantId, async (tx) => [
    ...(await tx.execute(sql`update records set retired_revision = 9 where revision = 1 returning ordinal`)),
  ])
  expect(again).toEqual([])
})

test('the head of a ledger moves one revision at a time', async () => {
  await expect(run('alpha', 'update ledger_heads set revision = 0')).rejects.toMatchObject({
    cause: { cause: { code: '23001' } },
  })
  await expect(run('alpha', 'update ledger_heads set revision = revision + 2')).rejects.toMatchObject({
    cause: { cause: { code: '23001' } },
  })
})

test('the login role may become stella_sweep and nothing else', async () => {
  const owner = await database.owner`select current_user as name`
  for (const role of [owner[0]?.name, 'pg_read_all_data', 'pg_monitor']) {
    expect(await problemOf(run('alpha', `set role "${role}"`))).toBe('internal')
  }
  const [login] =
    await database.owner`select rolsuper or rolbypassrls or rolinherit or rolcreaterole or rolcreatedb as more from pg_roles where rolname = 'stella_app'`
  expect(login?.more).toBe(false)
  const members =
    await database.owner`select roleid::regrole::text as role from pg_auth_members where member = 'stella_app'::regrole`
  expect(members.map(({ role }) => role)).toEqual(['stella_sweep'])
})

test('stella_sweep sees the named columns of runs and batches of all tenants, and no more', async () => {
  const allowed: Record<string, string[]> = {
    export_runs: [
      'tenant_id',
      'id',
      'state',
      'plan_id',
      'heartbeat_at',
      'created_at',
      'expires_at',
      'documents_expire_at',
      'pruned',
    ],
    ingests: ['tenant_id', 'id', 'state', 'heartbeat_at', 'created_at'],
    audit_outbox: ['tenant_id'],
    event_outbox: ['tenant_id'],
    run_verifications: ['tenant_id', 'id', 'run_id', 'state', 'heartbeat_at'],
  }
  const columns = await database.owner<{ table: string; column: string }[]>`
    select c.relname as "table", a.attname as "column" from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0`
  for (const { table, column } of columns) {
    const read = run('', `set local role stella_sweep; select "${column}" from public.${table}`)
    if (allowed[table]?.includes(column)) await read
    else expect(await problemOf(read), `${table}.${column}`).toBe('internal')
  }
  const tenants = await run(
    '',
    `set local role stella_sweep; select distinct tenant_id from public.export_runs order by 1`,
  )
  expect(JSON.stringify(tenants)).toContain('beta')
  expect(await problemOf(run('', `set local role stella_sweep; update public.export_runs set state = 'failed'`))).toBe(
    'internal',
  )
})

/** Runs statements in a session of a tenant. */
async function run(tenantId: string, statements: string): Promise<unknown> {
  return withTenant(database, tenantId, (tx) => tx.execute(sql.raw(statements)))
}
