import { type AuditEntry, INSTALLATION_CHAIN } from '@stella/contracts'
import { AuditChain, auditHash } from '@stella/core'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type AuditFact, chainAudit, listAudit, recordAudit, tenantsToChain } from './audit-log.ts'
import { auditFact } from './testing/audit-fact.ts'
import { problemOf } from './testing/evidence.ts'
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts'
import { withTenant } from './with-tenant.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())

async function record(tenantId: string, ...changes: Partial<AuditFact>[]): Promise<void> {
  await withTenant(database, tenantId, async (tx) => {
    for (const change of changes) await recordAudit(tx, auditFact(tenantId, change))
  })
}

const chain = (tenantId: string, limit = 1000) => withTenant(database, tenantId, (tx) => chainAudit(tx, limit))

async function entriesOf(tenantId: string): Promise<AuditEntry[]> {
  const { items } = await withTenant(database, tenantId, (tx) => listAudit(tx, { tenantId, order: 'asc', limit: 1000 }))
  return items
}

function firstFault(entries: readonly AuditEntry[]) {
  const judge = new AuditChain()
  for (const entry of entries) {
    const fault = judge.next(entry)
    if (fault) return fault
  }
  return judge.end()
}

describe('recordAudit()', () => {
  test('is undone with its transaction', async () => {
    const undone = withTenant(database, 'undone', async (tx) => {
      await recordAudit(tx, auditFact('undone'))
      throw new RangeError('the action failed')
    })
    await expect(undone).rejects.toThrow('the action failed')
    expect(await chain('undone')).toBe(0)
  })

  test('records for no other tenant than that of the session', async () => {
    const foreign = withTenant(database, 'mine', (tx) => recordAudit(tx, auditFact('theirs')))
    expect(await problemOf(foreign)).toBe('internal')
  })
})

describe('chainAudit()', () => {
  test('chains in the order of recording, in batches', async () => {
    await record('batches', { requestId: 'a' }, { requestId: 'b' }, { requestId: 'c' })
    expect([await chain('batches', 2), await chain('batches', 2), await chain('batches', 2)]).toEqual([2, 1, 0])
    const entries = await entriesOf('batches')
    expect(entries.map(({ seq, request_id }) => `${seq} ${request_id}`)).toEqual(['1 a', '2 b', '3 c'])
    expect(firstFault(entries)).toBeNull()
  })

  test('hashes any text as RFC 8785 says', async () => {
    const text = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 60 })
      .filter((value) => !value.includes('\0') && !/\p{Surrogate}/u.test(value) && [...value].length <= 60)
    const samples = fc.sample(text, { numRuns: 300, seed: 4 })
    await record('texts', ...samples.map((value) => ({ actor: value, resource: value, requestId: value })))
    await record('texts', { actor: null, roles: [], outcome: 'refused', code: 'auth/denied', omitted: 7 })
    await chain('texts')
    const entries = await entriesOf('texts')
    expect(entries.slice(0, -1).map(({ actor }) => actor)).toEqual(samples)
    expect(entries.filter((entry) => entry.hash !== auditHash(entry))).toEqual([])
  })

  test('makes one gapless chain, however many sessions record and chain at once', async () => {
    const work = Array.from({ length: 8 }, async (_, session) => {
      for (let round = 0; round < 20; round++) {
        await record('crowd', { requestId: `${session}/${round}` })
        await chain('crowd', 3)
      }
    })
    await Promise.all(work)
    while ((await chain('crowd')) > 0);
    const entries = await entriesOf('crowd')
    expect(entries).toHaveLength(160)
    expect(new Set(entries.map(({ request_id }) => request_id)).size).toBe(160)
    expect(firstFault(entries)).toBeNull()
  })

  test('tenantsToChain() names those that have something to chain, the installation too', async () => {
    await record('waiting', {})
    await record(INSTALLATION_CHAIN, { actor: null, roles: [], outcome: 'refused' })
    expect(await tenantsToChain(database, 1000)).toEqual(['waiting', INSTALLATION_CHAIN])
    expect(await tenantsToChain(database, 1)).toEqual(['waiting'])
    await Promise.all([chain('waiting'), chain(INSTALLATION_CHAIN)])
    expect(await tenantsToChain(database, 1000)).toEqual([])
  })
})

test('listAudit() pages in both directions, and refuses a cursor that it did not make', async () => {
  await record('pages', {}, {}, {})
  await chain('pages')
  for (const order of ['asc', 'desc'] as const) {
    const page = (cursor?: string) =>
      withTenant(database, 'pages', (tx) => listAudit(tx, { tenantId: 'pages', order, limit: 2, cursor }))
    const first = await page()
    const second = await page(first.nextCursor ?? undefined)
    const seqs = [...first.items, ...second.items].map(({ seq }) => seq)
    expect(seqs).toEqual(order === 'asc' ? [1, 2, 3] : [3, 2, 1])
    expect(second.nextCursor).toBeNull()
    const forged = Buffer.from('["-1"]').toString('base64url')
    expect(await problemOf(page(forged))).toBe('request/invalid')
  }
})

describe('the log refuses, of its owner too,', () => {
  beforeAll(async () => {
    await record('kept', {}, {})
    await chain('kept')
  })

  const insert = (columns: string, values: string) =>
    `insert into audit_entries (tenant_id, recorded_at, roles, action, resource, outcome, request_id, omitted, ${columns})
     values ('kept', now(), '{}', 'run.create', '/', 'succeeded', 'r', 0, ${values})`
  test.each([
    ['an update', `update audit_entries set actor = 'bob' where tenant_id = 'kept'`],
    ['a delete', `delete from audit_entries where tenant_id = 'kept'`],
    ['a truncate', 'truncate audit_entries'],
    ['another number than the next', insert('seq', '9')],
    ['another prev_hash', insert('prev_hash', `decode(repeat('ab', 32), 'hex')`)],
    ['another hash', insert('hash', `decode(repeat('ab', 32), 'hex')`)],
  ])('%s', async (_, statement) => {
    await expect(database.owner.unsafe(statement)).rejects.toMatchObject({ code: '23001' })
    expect(firstFault(await entriesOf('kept'))).toBeNull()
  })
})
