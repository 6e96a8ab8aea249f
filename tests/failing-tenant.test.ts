import { createHash } from 'node:crypto'

import { openBlobs } from '@stella/adapters'
import type { Ingest, Profile, Run } from '@stella/contracts'
import { uploadKey } from '@stella/core'
import { openDatabase, recordIngest, requestRun, withTenant } from '@stella/db'
import { startTestStack, type TestStack } from '@stella/deploy'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { allTold } from './support/nats.ts'
import { createProfile, openTenant, post, type Tenant, until } from './support/tenant.ts'

/** Comes first wherever tenants are sorted; the database refuses what workers do for it. */
const FAILING = 'aaa'
const refusals = [
  ['insert', 'audit_entries', 'new'],
  ['delete', 'event_outbox', 'old'],
  ['update', 'export_runs', 'new'],
  ['update', 'ingests', 'new'],
] as const

let stack: TestStack
let owner: ReturnType<typeof openDatabase>
let sound: Tenant

beforeAll(async () => {
  stack = await startTestStack()
  owner = openDatabase(stack.databaseOwnerUrl, { max: 1 })
  sound = await openTenant(stack, 'zzz')
  await createProfile(sound)
  await post(sound, '{"id":"A"}')
  const failing = await openTenant(stack, FAILING)
  await createProfile(failing)
  await refuse()
  await queueUnpublished(failing)
  const audited = json({ name: 'audited', kind: 'json', variant: 'raw' })
  expect((await failing.api('/export/profiles', audited)).status).toBe(201)
})
afterAll(async () => {
  await owner?.close()
  await stack?.stop()
})

const json = (body: unknown) => ({ method: 'POST', body: JSON.stringify(body) })

async function refuse(): Promise<void> {
  const raise = `create function refuse() returns trigger language plpgsql as $$ begin raise 'no'; end $$`
  const triggers = refusals.map(
    ([change, table, row]) => `create trigger refuse before ${change} on ${table} for each row
      when (${row}.tenant_id = '${FAILING}') execute function refuse()`,
  )
  await owner.transaction({ settings: '' }, (tx) => tx.execute(sql.raw([raise, ...triggers].join(';'))))
}

/** A run and a batch of which no job was published, an hour ago: only the sweep can find them. */
async function queueUnpublished(tenant: Tenant): Promise<{ run: string; ingest: string }> {
  const { id: tenantId } = tenant
  const [run, ingest] = [`run_of_${tenantId}`, `ing_of_${tenantId}`]
  const profile = (await (await tenant.api('/export/profiles/prof_json_raw')).json()) as Profile
  const bytes = Buffer.from('{"id":"B"}')
  const key = uploadKey(tenantId, ingest)
  await (await openBlobs(stack.blobUrl)).putBytes({ key, bytes })
  const database = openDatabase(stack.databaseUrl, { max: 1 })
  const made = { tenantId, createdBy: 'test' }
  await withTenant(database, tenantId, async (tx) => {
    await recordIngest(tx, {
      ...made,
      id: ingest,
      sourceUri: null,
      sourceName: null,
      format: 'auto' as const,
      strict: false,
      uploadKey: key,
      uploadSha256: createHash('sha256').update(bytes).digest('hex'),
      uploadBytes: bytes.length,
    })
    const asked = { ...made, id: run, profile, filters: {}, planId: `plan_of_${tenantId}` }
    await requestRun(tx, { ...asked, trigger: 'manual', reproduces: null })
  })
  await database.close()
  await owner.transaction({ settings: 'set local session_replication_role = replica' }, async (tx) => {
    for (const table of ['ingests', 'export_runs'])
      await tx.execute(
        sql.raw(`update ${table} set heartbeat_at = now() - interval '1 hour' where tenant_id = '${tenantId}'`),
      )
  })
  return { run, ingest }
}

test('a tenant for which all fails keeps no lost job of another one waiting, and no event', async () => {
  const { run, ingest } = await queueUnpublished(sound)
  await until(async () => {
    const { state } = (await (await sound.api(`/ledger/ingests/${ingest}`)).json()) as Ingest
    return state === 'completed' ? true : null
  })
  await until(async () => {
    const { state } = (await (await sound.api(`/export/runs/${run}`)).json()) as Run
    return state === 'succeeded' ? true : null
  })
  await allTold(stack, sound, [{ id: run }])
})

test('nor what another one did, from the audit log', async () => {
  const { id } = (await (await sound.api('/export/runs', json({ profile_id: 'prof_json_raw' }))).json()) as Run
  // Read past the gateway, which chains what it is asked for.
  const entry = await until(async () => {
    const query = sql`select action from audit_entries where tenant_id = 'zzz' and resource = ${`/export/runs/${id}`}`
    const [row] = await owner.transaction({ settings: '', readOnly: true }, (tx) =>
      tx.execute<{ action: string }>(query),
    )
    return row ?? null
  })
  expect(entry).toEqual({ action: 'run.create' })
  const [left] = await owner.transaction({ settings: '', readOnly: true }, (tx) =>
    tx.execute<{ audit: boolean; events: boolean }>(sql`select
      exists (select from audit_outbox where tenant_id = ${FAILING}) as audit,
      exists (select from event_outbox where tenant_id = ${FAILING}) as events`),
  )
  expect(left).toEqual({ audit: true, events: true })
})
