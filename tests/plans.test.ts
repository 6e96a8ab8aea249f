import type { Filters, PlanPreview, Run } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { createProfile, exportBundle, ingest, openTenant, samples, type Tenant } from './support/tenant.ts'

let stack: TestStack
let tenant: Tenant

beforeAll(async () => {
  stack = await startTestStack()
  tenant = await openTenant(stack, 'plans')
  await createProfile(tenant)
  await ingest(tenant, samples)
})
afterAll(() => stack?.stop())

function preview(body: object, as = tenant): Promise<Response> {
  return as.api('/export/plans', { method: 'POST', body: JSON.stringify(body) })
}

const lodash: Filters = { packages: ['pkg:npm/lodash'], include: ['advisories'] }

describe('POST /export/plans', () => {
  test.each<[Filters, string[]]>([
    [{}, []],
    [lodash, ['--package', 'pkg:npm/lodash', '--include', 'advisories']],
    [{ ecosystems: ['no-such'] }, ['--ecosystem', 'no-such']],
    [{ time_to: '2024-01-01T00:00:00Z' }, ['--to', '2023-12-31']],
  ])('with %j says what a run with these filters then holds', async (filters, options) => {
    const said = (await (await preview({ profile_id: 'prof_json_raw', filters })).json()) as PlanPreview
    const { run } = await exportBundle(tenant, 'planned.tar.zst', ...options)
    expect(said).toEqual({
      profile_id: run.profile_id,
      profile_revision: run.profile_revision,
      filters: run.filters,
      ledger_revision: run.ledger_revision,
      counts: run.counts,
      estimated_bytes: run.estimated_bytes,
      shards: run.shards?.planned,
      parts: null,
    })
  })

  test("takes the profile's filters where the request names none, and filters alone without a profile", async () => {
    const body = JSON.stringify({ name: 'lodash', kind: 'json', variant: 'raw', config: { filters: lodash } })
    await tenant.api('/export/profiles', { method: 'POST', body })
    const [ofProfile, alone] = [await preview({ profile_id: 'prof_lodash' }), await preview({ filters: lodash })]
    const { profile_id, profile_revision, ...numbers } = (await ofProfile.json()) as PlanPreview
    expect([profile_id, profile_revision]).toEqual(['prof_lodash', 1])
    expect(numbers.counts.advisories).toBeGreaterThan(0)
    expect(await alone.json()).toEqual({ profile_id: null, profile_revision: null, ...numbers })
  })

  test('runs nothing, and sees nothing of another tenant', async () => {
    const other = await openTenant(stack, 'plans-other')
    const said = (await (await preview({}, other)).json()) as PlanPreview
    expect(said).toMatchObject({ ledger_revision: 0, counts: { advisories: 0, vex: 0, sboms: 0 }, estimated_bytes: 0 })
    expect((await preview({ profile_id: 'prof_lodash' }, other)).status).toBe(404)
    expect((await other.json<{ items: Run[] }>('export', 'run', 'list')).items).toEqual([])
  })

  test('is refused to a viewer, and with filters that contradict each other', async () => {
    expect((await preview({}, await openTenant(stack, 'plans', 'Export.Viewer'))).status).toBe(403)
    const filters = { time_from: '2025-01-01T00:00:00Z', time_to: '2024-01-01T00:00:00Z' }
    expect((await preview({ filters })).status).toBe(400)
  })
})
