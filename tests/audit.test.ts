import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { type AuditEntry, auditEntry, type EndpointName, endpoints, type Run } from '@stella/contracts'
import { openDatabase, withTenant } from '@stella/db'
import { startTestStack, type TestStack } from '@stella/deploy'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { textOf } from './source-files.ts'
import { goodRequests, type Owned, pathOf, REQUEST_ID } from './support/good-request.ts'
import { createProfile, exportBundle, openTenant, post, type Tenant, until } from './support/tenant.ts'
import { wellFormed } from './support/well-formed.ts'

let stack: TestStack
let admin: Tenant
let owned: Owned
let owner: ReturnType<typeof openDatabase>

beforeAll(async () => {
  stack = await startTestStack()
  owner = openDatabase(stack.databaseOwnerUrl, { max: 2 })
  admin = await openTenant(stack, 'acme')
  const profile = await createProfile(admin)
  const ingest = (await post(admin, '{"id":"A"}')).id
  const artifact = 'f'.repeat(64)
  owned = { admin, profile, ingest, artifact, run: (await exportBundle(admin, 'a.tar.zst')).run.id }
})
afterAll(async () => {
  await owner?.close()
  await stack?.stop()
})

async function newest(tenant: Tenant, limit = 1): Promise<AuditEntry[]> {
  const answer = await tenant.api(`/audit?limit=${limit}`)
  return auditEntry.array().parse(((await answer.json()) as { items: unknown }).items)
}

const json = (body: unknown) => ({ method: 'POST', body: JSON.stringify(body) })

describe('every audited endpoint', () => {
  const audited = Object.entries(endpoints).filter(([, endpoint]) => 'audit' in endpoint)
  test.each(audited)('%s leaves an entry for what it did', async (name, endpoint) => {
    const answer = await goodRequests[name as EndpointName](admin, owned)
    expect(answer.status, name).toBeLessThan(300)
    const [entry] = await newest(admin)
    expect(entry).toMatchObject({
      tenant: 'acme',
      actor: 'developer',
      roles: ['Export.Admin'],
      action: 'audit' in endpoint ? endpoint.audit : null,
      outcome: 'succeeded',
      code: null,
      request_id: REQUEST_ID,
    })
    const made =
      answer.headers.get('location') ?? expect.stringMatching(/^\/export\/(runs|profiles)\/(run|prof)_[a-z0-9_-]+$/)
    expect(entry?.resource).toEqual(made)
  })

  test.each(audited)('%s leaves one where it fails, and nothing else happened', async (name, { method, path }) => {
    const answer = await admin.api(pathOf(path, { id: 'none', artifact: 'none' }), { method, body: '' })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    const [entry] = await newest(admin)
    const { code } = (await answer.json()) as { code: string }
    const outcome = answer.status === 404 ? 'refused' : 'failed'
    expect(entry, name).toMatchObject({ outcome, code, resource: pathOf(path, { id: 'none', artifact: 'none' }) })
    expect(entry?.request_id).toBe(answer.headers.get('x-request-id'))
  })
})

test('a request that changes nothing is answered as before and leaves no entry', async () => {
  const tenant = await openTenant(stack, 'repeats')
  const path = `/export/profiles/${await createProfile(tenant)}`
  const { id } = (await (await tenant.api('/export/runs', json({ profile_id: 'prof_json_raw' }))).json()) as Run
  for (let times = 0; times < 3; times++) {
    const answer = await tenant.api(`/export/runs/${id}/cancel`, { method: 'POST' })
    expect([answer.status, await answer.json()]).toMatchObject([200, { id, state: 'cancelled' }])
  }
  for (const level of [5, 5, 6]) {
    const etag = (await tenant.api(path)).headers.get('etag') ?? ''
    const body = JSON.stringify({ config: { compression: { level } } })
    expect((await tenant.api(path, { method: 'PATCH', headers: { 'if-match': etag }, body })).status).toBe(200)
  }
  const actions = (await newest(tenant, 100)).map(({ action, outcome }) => `${action}:${outcome}`)
  expect(actions.filter((action) => !action.endsWith('create:succeeded')).toReversed()).toEqual([
    'run.cancel:succeeded',
    'profile.update:succeeded',
    'profile.update:succeeded',
  ])
})

test('runs of two tenants that are asked for at once are each answered and recorded alone', async () => {
  const beta = await openTenant(stack, 'beta')
  const narrow = await admin.api(
    '/export/profiles',
    json({ name: 'narrow', kind: 'json', variant: 'raw', config: { filters: { time_from: '2025-01-01T00:00:00Z' } } }),
  )
  const { id: narrowId } = (await narrow.json()) as { id: string }
  const kinds = [
    { caller: admin, body: { profile_id: owned.profile }, status: 202 },
    { caller: beta, body: { profile_id: owned.profile }, status: 404 },
    { caller: admin, body: { profile_id: 'prof_none' }, status: 404 },
    { caller: admin, body: { profile_id: narrowId, filters: { time_to: '2024-01-01T00:00:00Z' } }, status: 400 },
    { caller: admin, body: { profile_id: narrowId, filters: { tags: ['a'] } }, status: 202 },
  ]
  const asked = Array.from({ length: 8 }, () => kinds).flat()
  const answers = await Promise.all(
    asked.map(async ({ caller, body }, index) => {
      const headers = { 'x-request-id': `at-once-${index}` }
      const answer = await caller.api('/export/runs', { ...json(body), headers })
      return { status: answer.status, text: await answer.text() }
    }),
  )
  expect(answers.map(({ status }) => status)).toEqual(asked.map(({ status }) => status))

  const entries = (await newest(admin, 100)).filter(({ request_id }) => request_id.startsWith('at-once-'))
  const done = entries.filter(({ outcome }) => outcome === 'succeeded')
  const made = answers.flatMap(({ status, text }, index) => (status === 202 ? [{ index, run: JSON.parse(text) }] : []))
  expect(done.map(({ request_id, resource }) => [request_id, resource]).toSorted()).toEqual(
    made.map(({ index, run }) => [`at-once-${index}`, `/export/runs/${run.id}`]).toSorted(),
  )
  for (const { index, run } of made) {
    expect(run).toMatchObject({ profile_id: asked[index]?.body.profile_id, state: 'queued', created_by: 'developer' })
    expect(await (await admin.api(`/export/runs/${run.id}`)).json()).toMatchObject({ id: run.id, filters: run.filters })
  }
})

describe('every refusal', () => {
  const guarded = Object.entries(endpoints).filter(([, { role }]) => role !== null)

  test.each(guarded)('of %s for want of a role is in the log of the tenant', async (name, endpoint) => {
    const caller = await openTenant(stack, 'acme', 'Export.Viewer')
    const { method, path, role } = endpoint
    if (role === 'Export.Viewer') return
    expect((await caller.api(pathOf(path, { id: owned.run, artifact: owned.artifact }), { method })).status).toBe(403)
    const [entry] = await newest(admin)
    const action = 'audit' in endpoint ? endpoint.audit : 'access.refused'
    expect(entry, name).toMatchObject({ roles: ['Export.Viewer'], action, outcome: 'refused', code: 'auth/denied' })
  })

  test.each(guarded.filter(([, { path }]) => path.includes('/:')))(
    'of %s for an id of nobody or of another tenant is in the log of who asked',
    async (_, endpoint) => {
      const { path } = endpoint
      const other = await openTenant(stack, 'beta')
      for (const id of [owned.run, 'run_none']) {
        await other.api(pathOf(path, { id, artifact: id }), wellFormed(endpoint))
        const [entry] = await newest(other)
        expect(entry).toMatchObject({ tenant: 'beta', outcome: 'refused', code: 'resource/not-found' })
        expect(entry?.resource).toBe(pathOf(path, { id, artifact: id }))
      }
    },
  )

  test('without a good token is in the log of the installation, which nobody can fill', async () => {
    const ask = () => fetch(`${stack.url}/export/runs`, { headers: { authorization: 'Bearer forged' } })
    for (let request = 0; request < 100; request++) expect((await ask()).status).toBe(401)
    const entries = await until(async () => {
      const rows = await installationEntries()
      return rows.length >= 60 ? rows : null
    })
    expect(entries.length).toBeLessThan(75)
    for (const entry of entries) {
      expect(entry).toMatchObject({ actor: null, roles: [], outcome: 'refused', code: 'auth/unauthenticated' })
    }
  })

  async function installationEntries(): Promise<AuditEntry[]> {
    const rows = await owner.transaction(reading, (tx) => tx.execute<{ line: unknown }>(sql.raw(installationQuery)))
    return rows.map(({ line }) => auditEntry.parse(line))
  }
})

const reading = { settings: '', readOnly: true }

/** The query that the page on hardening gives to whoever runs the installation. */
const [, installationQuery = ''] = /^```sql\n([\s\S]*?)^```$/m.exec(textOf('docs/security/export-hardening.md')) ?? []

test('GET /audit shows a tenant its own log and no other', async () => {
  const other = await openTenant(stack, 'gamma')
  expect(await newest(other, 1000)).toEqual([])
  await createProfile(other)
  expect((await newest(other, 1000)).map(({ tenant, seq }) => [tenant, seq])).toEqual([['gamma', 1]])
})

test('a request without a name gets one, and a hostile name is not taken', async () => {
  const given = (await admin.api('/export/runs', { headers: { 'x-request-id': 'a b"' } })).headers.get('x-request-id')
  expect(given).toMatch(/^req_[0-9a-f-]{36}$/)
})

describe('stella audit verify', () => {
  let tenant: Tenant
  const verify = (...args: string[]) => tenant.stella('audit', 'verify', ...args)
  const LENGTH = 6

  beforeAll(async () => {
    tenant = await openTenant(stack, 'verified')
    for (let name = 0; name < LENGTH; name++) {
      await tenant.api('/export/profiles', json({ name: `p${name}`, kind: 'json', variant: 'raw' }))
    }
    expect(await newest(tenant)).toMatchObject([{ seq: LENGTH }])
  })

  /** Changes rows as a superuser who knows how, looks, and puts them back. */
  async function tampered(statements: string, look: () => Promise<void>): Promise<void> {
    const asOwner = (text: string) =>
      owner.transaction({ settings: 'set local session_replication_role = replica' }, (tx) => tx.execute(sql.raw(text)))
    await asOwner('create table kept as select * from audit_entries')
    try {
      await asOwner(statements)
      await look()
    } finally {
      await asOwner('delete from audit_entries; insert into audit_entries select * from kept; drop table kept')
    }
  }

  async function finds(seq: number, ...args: string[]): Promise<void> {
    const { code, stdout, stderr } = await verify(...args)
    expect({ code, stdout }).toMatchObject({ code: 6, stdout: expect.stringContaining(`entry ${seq}: `) })
    expect(stderr).toContain(`entry ${seq} is the first that is wrong`)
  }

  test('finds a sound log sound, and remembers its last entry', async () => {
    const { code, stdout } = await verify('--checkpoint', 'audit.json')
    expect({ code, stdout }).toEqual({ code: 0, stdout: `the audit log is sound: ${LENGTH} entries\n` })
    expect((await verify('--checkpoint', 'audit.json')).code).toBe(0)
  })

  const where = `where tenant_id = 'verified'`
  const changes = {
    recorded_at: `recorded_at + interval '1 second'`,
    actor: `'bob'`,
    roles: `'{}'`,
    action: `'run.create'`,
    resource: `'/elsewhere'`,
    outcome: `'failed'`,
    code: `'internal'`,
    request_id: `'other'`,
    omitted: '1',
    prev_hash: `decode(repeat('ab', 32), 'hex')`,
    hash: `decode(repeat('ab', 32), 'hex')`,
    seq: 'seq + 100',
  }
  test.each(Object.entries(changes))('finds a row whose %s was changed', async (column, value) => {
    await tampered(`update audit_entries set ${column} = ${value} ${where} and seq = 3`, () => finds(3))
  })

  test('and this test changes every column, but for the tenant', async () => {
    const rows = await owner.transaction(reading, (tx) =>
      tx.execute<{ name: string }>(
        sql.raw(`select attname as name from pg_attribute where attrelid = 'audit_entries'::regclass and attnum > 0`),
      ),
    )
    expect(Object.keys(changes).sort()).toEqual(
      rows
        .map(({ name }) => name)
        .filter((name) => name !== 'tenant_id')
        .sort(),
    )
  })

  test('finds a row that is no entry at all', async () => {
    await tampered(`update audit_entries set action = 'x' ${where} and seq = 2`, () => finds(2))
  })

  test('finds a row that was removed, and two that changed places', async () => {
    await tampered(`delete from audit_entries ${where} and seq = 2`, () => finds(2))
    const swap = `update audit_entries set seq = case seq when 2 then -3 else -2 end ${where} and seq in (2, 3);
      update audit_entries set seq = -seq ${where} and seq < 0`
    const free = 'alter table audit_entries drop constraint audit_entries_seq_check'
    await tampered(`${free}; ${swap}`, () => finds(2))
  })

  test('finds by its checkpoint that the end is gone, or the whole log', async () => {
    expect((await verify('--checkpoint', 'end.json')).code).toBe(0)
    await tampered(`delete from audit_entries ${where} and seq = ${LENGTH}`, async () => {
      expect((await verify()).code).toBe(0)
      await finds(LENGTH, '--checkpoint', 'end.json')
    })
    await tampered(`delete from audit_entries ${where}`, () => finds(1, '--checkpoint', 'end.json'))
    expect((await verify('--checkpoint', 'end.json')).code).toBe(0)
  })

  test('finds a log that was written anew from some entry on, by its checkpoint', async () => {
    expect((await verify('--checkpoint', 'anew.json')).code).toBe(0)
    const rewrite = `update audit_entries set actor = 'bob' ${where} and seq >= 4;
      do $$ begin for n in 4..${LENGTH} loop
        update audit_entries e set prev_hash = b.hash from audit_entries b
          where e.tenant_id = 'verified' and e.seq = n and b.tenant_id = e.tenant_id and b.seq = n - 1;
        update audit_entries e set hash = sha256(convert_to(audit_body(e), 'UTF8')) ${where} and seq = n;
      end loop; end $$`
    await tampered(rewrite, async () => {
      expect((await verify()).code).toBe(0)
      await finds(LENGTH, '--checkpoint', 'anew.json')
    })
  })

  test('checks a file without a server', async () => {
    const { stdout } = await tenant.stella('audit', 'list', '--json', '--limit', '1000')
    const items = (JSON.parse(stdout) as { items: object[] }).items.toReversed()
    const path = join(tenant.directory, 'audit.jsonl')
    await writeFile(path, items.map((item) => `${JSON.stringify(item)}\n`).join(''))
    expect((await verify('--file', path)).code).toBe(0)
    await writeFile(
      path,
      items
        .map((item) => JSON.stringify(item))
        .join('\n')
        .replace('p2', 'p9'),
    )
    await finds(3, '--file', path)
    expect((await verify('--file', 'nowhere.jsonl')).code).toBe(4)
  })
})

test('what a killed worker and gateway had recorded is chained by the next', async () => {
  const tenant = await openTenant(stack, 'crashed')
  for (const worker of stack.processes.workers) worker.kill('SIGKILL')
  const created = await tenant.api('/export/profiles', json({ name: 'a', kind: 'json', variant: 'raw' }))
  expect(created.status).toBe(201)
  stack.processes.gateway.kill('SIGKILL')
  const database = openDatabase(stack.databaseUrl, { max: 1 })
  try {
    const entries = await until(async () => {
      const rows = await withTenant(database, 'crashed', (tx) =>
        tx.execute<{ resource: string }>(sql`select resource from audit_entries order by seq`),
      ).catch(() => [])
      return rows.length > 0 ? [...rows] : null
    })
    expect(entries).toEqual([{ resource: '/export/profiles/prof_a' }])
  } finally {
    await database.close()
    await stack.ready()
  }
})
