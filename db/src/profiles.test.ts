import { profile as profileShape } from '@stella/contracts'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { createProfile, deleteProfile, getProfile, listProfiles, reviseProfile } from './profiles.ts'
import { problemOf } from './testing/evidence.ts'
import { profileOf } from './testing/runs.ts'
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts'
import { withTenant } from './with-tenant.ts'

const tenantId = 'acme'
let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
  for (const name of ['c', 'a', 'B', 'é']) {
    await withTenant(database, tenantId, (tx) =>
      createProfile(tx, { tenantId, id: `prof_${name}`, profile: profileOf('raw'), createdBy: 'me' }),
    )
  }
})
afterAll(() => database.close())

test('createProfile() stores a profile once; getProfile() gives it back', async () => {
  const stored = await withTenant(database, tenantId, (tx) => getProfile(tx, { tenantId, id: 'prof_a' }))
  expect(profileShape.parse(stored)).toMatchObject({ ...profileOf('raw'), id: 'prof_a', revision: 1, created_by: 'me' })
  const again = withTenant(database, tenantId, (tx) =>
    createProfile(tx, { tenantId, id: 'prof_a', profile: profileOf('raw'), createdBy: 'me' }),
  )
  expect(await problemOf(again)).toBe('resource/conflict')
  expect(await withTenant(database, 'other', (tx) => getProfile(tx, { tenantId, id: 'prof_a' }))).toBeNull()
})

test('listProfiles() pages by id, bytewise, and filters', async () => {
  const first = await withTenant(database, tenantId, (tx) => listProfiles(tx, { tenantId, limit: 3 }))
  expect(first.items.map(({ id }) => id)).toEqual(['prof_B', 'prof_a', 'prof_c'])
  const cursor = first.nextCursor ?? ''
  const second = await withTenant(database, tenantId, (tx) =>
    listProfiles(tx, { tenantId, limit: 3, cursor, kind: 'json', variant: 'raw' }),
  )
  expect(second).toMatchObject({ items: [{ id: 'prof_é' }], nextCursor: null })
  expect(
    (await withTenant(database, tenantId, (tx) => listProfiles(tx, { tenantId, limit: 3, kind: 'trivy' }))).items,
  ).toEqual([])
  expect(
    await problemOf(withTenant(database, tenantId, (tx) => listProfiles(tx, { tenantId, limit: 3, cursor: 'WzFd' }))),
  ).toBe('request/invalid')
})

test('reviseProfile() and deleteProfile() add one revision after the one that was seen; createProfile() goes on after the end', async () => {
  const named = { tenantId, id: 'prof_revised', createdBy: 'me' }
  const add = <T>(work: Parameters<typeof withTenant<T>>[2]) => withTenant(database, tenantId, work)
  const first = await add((tx) => createProfile(tx, { ...named, profile: profileOf('raw') }))
  const config = { ...first.config, compression: { codec: 'zstd' as const, level: 9 } }
  const second = await add((tx) => reviseProfile(tx, { ...named, after: first, config }))
  expect([second.revision, second.config]).toEqual([2, config])
  expect(await problemOf(add((tx) => reviseProfile(tx, { ...named, after: first, config })))).toBe(
    'request/precondition-failed',
  )
  expect(await problemOf(add((tx) => deleteProfile(tx, { ...named, after: first })))).toBe(
    'request/precondition-failed',
  )
  await add((tx) => deleteProfile(tx, { ...named, after: second }))
  expect(await add((tx) => getProfile(tx, named))).toBeNull()
  expect((await add((tx) => listProfiles(tx, { tenantId, limit: 200 }))).items.map(({ id }) => id)).not.toContain(
    named.id,
  )

  expect(await add((tx) => createProfile(tx, { ...named, profile: profileOf('raw') }))).toMatchObject({ revision: 4 })
})
