import { writeFile } from 'node:fs/promises'
import { createServer, request as forward, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

import type { Ingest, PlanPreview, Profile, Run } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

import { openTenant, samples, type Tenant } from './support/tenant.ts'

let stack: TestStack
const open: Server[] = []

beforeAll(async () => {
  stack = await startTestStack()
})
afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})
afterAll(() => stack?.stop())

/** What a proxy does with the first answer to a POST, after the gateway gave it: send nothing, or a part of it. */
type Cut = 'before' | 'within'

/** A tenant whose command line speaks to the gateway through a proxy that cuts the first answer to a POST. */
async function tenantBehind(id: string, cut: Cut): Promise<{ tenant: Tenant; keys: unknown[] }> {
  const keys: unknown[] = []
  const server = createServer(async (asked, answer) => {
    const { method, url, headers } = asked
    const body = Buffer.concat(await asked.toArray())
    const { 'transfer-encoding': _, ...passed } = { ...headers, 'content-length': String(body.length) }
    const isFirst = method === 'POST' && keys.push(headers['idempotency-key']) === 1
    const sent = forward(`${stack.url}${url}`, { method, headers: passed }, async (given) => {
      const whole = Buffer.concat(await given.toArray())
      if (isFirst && cut === 'before') return answer.destroy()
      const { 'transfer-encoding': _, ...head } = given.headers
      answer.writeHead(given.statusCode ?? 0, { ...head, 'content-length': whole.length })
      if (!isFirst) return answer.end(whole)
      answer.write(whole.subarray(0, 10), () => answer.destroy())
    })
    sent.end(body)
  })
  open.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    tenant: await openTenant({ ...stack, url }, id),
    keys,
  }
}

async function profileFile(tenant: Tenant, config: string): Promise<string> {
  const file = join(tenant.directory, 'profile.yaml')
  await writeFile(file, `name: cut\nkind: json\nvariant: raw\n${config}`)
  return file
}

test.each<Cut>(['before', 'within'])('a creating command whose first answer is cut %s it creates once', async (cut) => {
  const profiles = await tenantBehind(`cut-profile-${cut}`, cut)
  const file = await profileFile(profiles.tenant, '')
  const made = await profiles.tenant.json<Profile>('export', 'profiles', 'create', '--file', file)
  expect(made).toMatchObject({ id: 'prof_cut', revision: 1 })
  expect(profiles.keys).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), profiles.keys[0]])

  const runs = await tenantBehind(`cut-profile-${cut}`, cut)
  const run = await runs.tenant.json<Run>('export', 'run', 'create', '--profile', 'prof_cut')
  const page = await runs.tenant.json<{ items: Run[] }>('export', 'run', 'list')
  expect(page.items.map(({ id }) => id)).toEqual([run.id])
  expect(runs.keys).toEqual([runs.keys[0], runs.keys[0]])

  const batches = await tenantBehind(`cut-profile-${cut}`, cut)
  await batches.tenant.json('ingest', join(samples, 'vex'))
  const answer = await batches.tenant.api('/ledger/ingests')
  expect(((await answer.json()) as { items: Ingest[] }).items).toHaveLength(1)
  expect(batches.keys).toEqual([batches.keys[0], batches.keys[0]])
})

test('update makes a profile what its file says, plan shows what a run would hold, delete takes it away', async () => {
  const tenant = await openTenant(stack, 'cut-none')
  await tenant.json('ingest', samples)
  const before = 'config:\n  filters: { ecosystems: [npm], include: [advisories] }\n  compression: { level: 9 }\n'
  await tenant.json('export', 'profiles', 'create', '--file', await profileFile(tenant, before))
  const narrow = await tenant.json<PlanPreview>('export', 'plan', '--profile', 'prof_cut')

  const file = await profileFile(tenant, 'config:\n  filters: { include: [advisories, vex] }\n')
  const changed = await tenant.json<Profile>('export', 'profiles', 'update', 'prof_cut', '--file', file)
  expect(changed).toMatchObject({ revision: 2, config: { compression: { level: 3 } } })
  expect(changed.config.filters).toEqual({ include: ['advisories', 'vex'] })
  expect(await tenant.json('export', 'profiles', 'update', 'prof_cut', '--file', file)).toEqual(changed)

  const wide = await tenant.json<PlanPreview>('export', 'plan', '--profile', 'prof_cut')
  expect([narrow.counts.vex, wide.counts.vex > 0, wide.counts.advisories > narrow.counts.advisories]).toEqual([
    0,
    true,
    true,
  ])
  const none = await tenant.stella(
    'export',
    'plan',
    '--profile',
    'prof_cut',
    '--tag',
    'nobody-has-it',
    '--include',
    'sboms',
  )
  expect([none.code, none.stdout]).toEqual([0, expect.stringContaining('0 advisories, 0 vex, 0 sboms')])

  expect(await tenant.json('export', 'profiles', 'delete', 'prof_cut')).toEqual(changed)
  for (const args of [
    ['get', 'prof_cut'],
    ['delete', 'prof_cut'],
    ['update', 'prof_cut', '--file', file],
  ])
    expect((await tenant.stella('export', 'profiles', ...args)).code).toBe(4)
  expect((await tenant.stella('export', 'plan', '--profile', 'prof_cut')).code).toBe(4)
})

test('update refuses the file of another profile with 2', async () => {
  const tenant = await openTenant(stack, 'cut-other')
  const file = await profileFile(tenant, '')
  await tenant.json('export', 'profiles', 'create', '--file', file)
  await writeFile(file, 'name: other\nkind: json\nvariant: raw\n')
  const { code, stderr } = await tenant.stella('export', 'profiles', 'update', 'prof_cut', '--file', file)
  expect([code, stderr]).toEqual([2, expect.stringContaining('its name is cut')])
})
