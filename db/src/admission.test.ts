import { type NewProfile, type Profile, profileConfig, type RunLimits } from '@stella/contracts'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { admitRun, nextRuns } from './admission.ts'
import { cancelRun } from './end-run.ts'
import { requestRun } from './export-runs.ts'
import { createProfile } from './profiles.ts'
import { queuedTenants } from './stalled-work.ts'
import { profileOf } from './testing/runs.ts'
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts'
import { withTenant } from './with-tenant.ts'

const limits: RunLimits = { tenantRuns: 4, profileRuns: 3 }
let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())

/** A tenant with a profile that says nothing and one that allows one run at a time. */
async function openTenant(tenantId: string) {
  const make = (id: string, profile: NewProfile) =>
    withTenant(database, tenantId, (tx) => createProfile(tx, { tenantId, id, profile, createdBy: 'me' }))
  const free = await make('prof_free', profileOf())
  const config = profileConfig.parse({ limits: { concurrent_runs: 1 } })
  const single = await make('prof_single', { ...profileOf(), config })
  let runs = 0
  return {
    free,
    single,
    queue: async (profile: Profile, count: number): Promise<string[]> => {
      const ids = Array.from({ length: count }, () => `run_${String(runs++).padStart(3, '0')}`)
      for (const id of ids) {
        const asked = { id, planId: id, filters: {}, trigger: 'manual', reproduces: null, createdBy: 'me' } as const
        await withTenant(database, tenantId, (tx) => requestRun(tx, { ...asked, tenantId, profile }))
      }
      return ids
    },
    admit: (runId: string) => withTenant(database, tenantId, (tx) => admitRun(tx, { tenantId, runId, limits })),
    cancel: (runId: string) => withTenant(database, tenantId, (tx) => cancelRun(tx, { tenantId, runId })),
    next: async () =>
      (await withTenant(database, tenantId, (tx) => nextRuns(tx, { tenantId, limits }))).map(({ runId }) => runId),
  }
}

test('of many admissions at once exactly the limit goes through, the oldest first, and each again', async () => {
  const tenant = await openTenant('many')
  const ids = await tenant.queue(tenant.free, 12)
  expect(await tenant.next()).toEqual(ids.slice(0, 3))
  const first = await Promise.all(ids.toReversed().map((id) => tenant.admit(id)))
  const admitted = ids.toReversed().filter((_, at) => first[at] === 'planning')
  expect(admitted.toSorted()).toEqual(ids.slice(0, 3))
  expect(await Promise.all(admitted.map((id) => tenant.admit(id)))).toEqual(['planning', 'planning', 'planning'])
  expect(await tenant.admit(ids[3] ?? '')).toBe('waiting')
  expect(await tenant.next()).toEqual([])
})

test('a place that becomes free goes to the oldest that waits; one that is cancelled gives up its claim', async () => {
  const tenant = await openTenant('turns')
  const [a, b, c, d, e, f] = (await tenant.queue(tenant.free, 6)) as [string, string, string, string, string, string]
  for (const id of [a, b, c]) await tenant.admit(id)
  await tenant.cancel(b)
  expect(await tenant.next()).toEqual([d])
  expect(await tenant.admit(e)).toBe('waiting')
  await tenant.cancel(d)
  expect(await tenant.admit(d)).toBe('over')
  expect([await tenant.admit(e), await tenant.admit(f)]).toEqual(['planning', 'waiting'])
})

test('a profile with a limit of its own does not hold up the others, and all together obey the tenant', async () => {
  const tenant = await openTenant('mixed')
  const single = await tenant.queue(tenant.single, 3)
  const free = await tenant.queue(tenant.free, 5)
  expect(await tenant.next()).toEqual([single[0], ...free.slice(0, 3)])
  for (const id of [...single, ...free]) await tenant.admit(id)
  expect(await tenant.next()).toEqual([])
  await tenant.cancel(free[0] ?? '')
  expect(await tenant.next()).toEqual([free[3]])
  await tenant.cancel(single[0] ?? '')
  expect(await tenant.next()).toEqual([single[1], free[3]])
})

test('the newest revision of a profile says how many; another tenant is not counted', async () => {
  const tenant = await openTenant('raised')
  const ids = await tenant.queue(tenant.single, 3)
  await database.owner`insert into profiles (tenant_id, id, revision, name, kind, variant, config, created_by)
    select tenant_id, id, 2, name, kind, variant, '{"limits":{"concurrent_runs":2}}', 'me' from profiles
    where tenant_id = 'raised' and id = 'prof_single'`
  expect(await tenant.next()).toEqual(ids.slice(0, 2))
  expect(await (await openTenant('empty')).next()).toEqual([])
  expect(await queuedTenants(database, { after: '', limit: 100 })).toEqual(['many', 'mixed', 'raised', 'turns'])
  expect(await queuedTenants(database, { after: 'mixed', limit: 1 })).toEqual(['raised'])
})
