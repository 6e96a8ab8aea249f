import { execFileSync } from 'node:child_process'
import { readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import type { ExportIndex, ExportManifest, PlanPreview, Run } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { readMember, scanBundle } from '@stella/native'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { makeDue } from './support/owner.ts'
import {
  createProfile,
  exportBundle,
  filesUnder,
  ingest,
  openTenant,
  samples,
  type Tenant,
  until,
} from './support/tenant.ts'

const MAX_BYTES = 8192
const LINES = ['advisories/normalized.jsonl.zst', 'vex/normalized.jsonl.zst'] as const

let stack: TestStack
let tenant: Tenant

beforeAll(async () => {
  stack = await startTestStack({ workers: 2 })
  tenant = await openTenant(stack, 'sharding')
  await ingest(tenant, ...['advisories', 'vex', 'sboms'].map((folder) => join(samples, folder)))
  await createProfile(tenant)
  for (const by of ['kind', 'ecosystem', 'time']) await shardedProfile(tenant, by)
})
afterAll(() => stack?.stop())

async function shardedProfile(owner: Tenant, by: string): Promise<void> {
  const body = { name: by, kind: 'json', variant: 'raw', config: { sharding: { max_bytes: MAX_BYTES, by } } }
  const answer = await owner.api('/export/profiles', { method: 'POST', body: JSON.stringify(body) })
  expect(answer.status, await answer.text()).toBe(201)
}

/** Runs a sharded export and downloads it into a folder. */
async function exportParts(owner: Tenant, by: string, name: string, ...filters: string[]) {
  const folder = join(owner.directory, name)
  const args = ['--profile', `prof_${by}`, ...filters, '--download', folder]
  const run = await owner.json<Run>('export', 'run', 'create', ...args)
  return { run, folder, index: await indexIn(folder) }
}

async function indexIn(folder: string): Promise<ExportIndex> {
  return JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')) as ExportIndex
}

const runNow = (id: string) => tenant.json<Run>('export', 'run', 'get', id)

/** Everything that an export holds, a line or a document each, sorted. */
async function contentsOf(...bundles: string[]): Promise<string[]> {
  const contents: string[] = []
  for (const bundle of bundles) {
    const paths = (await scanBundle(bundle)).members.map(({ path }) => path)
    for (const path of paths.filter((path) => (LINES as readonly string[]).includes(path))) {
      const input = await readMember(bundle, path, 1e8)
      const text = execFileSync('zstd', ['-dc'], { input, maxBuffer: 1e8 }).toString()
      contents.push(...text.split('\n').filter((line) => line !== ''))
    }
    for (const path of paths.filter((path) => path.startsWith('sboms/')))
      contents.push((await readMember(bundle, path, 1e8)).toString())
  }
  return contents.sort()
}

describe.each(['kind', 'ecosystem', 'time'])('an export sharded by %s', (by) => {
  test('is in parts that together hold every record of the whole, once', async () => {
    const whole = await exportBundle(tenant, `whole-${by}.tar.zst`)
    const { run, folder, index } = await exportParts(tenant, by, `parts-${by}`)
    expect(index.content.parts.length).toBeGreaterThan(2)
    expect(index.content.counts).toEqual(whole.run.counts)
    expect(run).toMatchObject({ state: 'succeeded', counts: whole.run.counts, part_of: null })
    expect(run.parts).toEqual(index.run.parts.map(({ run_id }) => run_id))

    const bundles = index.content.parts.map(({ file }) => join(folder, file))
    expect(await contentsOf(...bundles)).toEqual(await contentsOf(whole.bundle))
    for (const { oversized, estimated_bytes } of index.content.parts)
      expect(oversized).toBe(estimated_bytes > MAX_BYTES)
  })

  test('is foretold by its plan', async () => {
    const { run } = await exportParts(tenant, by, `planned-${by}`)
    const body = JSON.stringify({ profile_id: `prof_${by}` })
    const answer = await tenant.api('/export/plans', { method: 'POST', body })
    const { parts, shards, estimated_bytes } = (await answer.json()) as PlanPreview
    expect({ parts, shards, estimated_bytes }).toEqual({
      parts: run.parts?.length,
      shards: 0,
      estimated_bytes: run.estimated_bytes,
    })
  })

  test('verifies as a whole, and each part alone', async () => {
    const { run, folder, index } = await exportParts(tenant, by, `verified-${by}`)
    for (const path of [folder, join(folder, 'index.json')]) {
      const verdict = await tenant.json<Record<string, unknown>>('export', 'verify', path)
      expect(verdict).toMatchObject({ ok: true, content_root: run.content_root, run_id: run.id, faults: [] })
    }
    for (const { file, content_root, filters } of index.content.parts) {
      const verdict = await tenant.json<Record<string, unknown>>('export', 'verify', join(folder, file))
      expect(verdict).toMatchObject({ ok: true, content_root })
      const manifest = JSON.parse(
        (await readMember(join(folder, file), 'export.json', 1e8)).toString(),
      ) as ExportManifest
      expect(manifest.content.filters).toEqual(filters)
      expect(manifest.content.ledger_revision).toBe(index.content.ledger_revision)
    }
  })

  test('comes out the same from every run, and from a tenant that got the documents in another order', async () => {
    const other = await openTenant(stack, `sharding-again-${by}`)
    await shardedProfile(other, by)
    const files = (await filesUnder(samples)).filter((path) => /\/(advisories|vex|sboms)\//.test(path)).toReversed()
    for (const half of [files.slice(0, 9), files.slice(9)]) await ingest(other, ...half)

    const mine = (await exportParts(tenant, by, `mine-${by}`)).index.content
    const again = (await exportParts(tenant, by, `again-${by}`)).index.content
    const theirs = (await exportParts(other, by, `theirs-${by}`)).index.content
    expect(again).toEqual(mine)
    expect([theirs.parts, theirs.content_root]).toEqual([mine.parts, mine.content_root])
  })

  test('of the samples is the golden one', async () => {
    const { parts, counts, sharding, content_root } = (await exportParts(tenant, by, `golden-${by}`)).index.content
    const golden = `${JSON.stringify({ sharding, counts, parts, content_root }, null, 2)}\n`
    await expect(golden).toMatchFileSnapshot(`golden/samples-index-${by}.json`)
  })
})

test.each(['kind', 'time'])('an export sharded by %s is reproduced part by part, also after it expired', async (by) => {
  const { run, folder, index } = await exportParts(tenant, by, `reproduced-${by}`)
  await makeDue(stack, { tenantId: tenant.id, runIds: [run.id, ...(run.parts ?? [])], what: 'data' })
  for (const id of [run.id, ...(run.parts ?? [])])
    await until(async () => ((await runNow(id)).state === 'expired' ? true : null))
  const refused = await tenant.api(`/export/runs/${run.id}/reproduce`, { method: 'POST' })
  expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([409, 'run/sharded'])

  const rebuilt = join(tenant.directory, `rebuilt-${by}`)
  const outcome = await tenant.json<{ ok: boolean; part_reproduction_ids: string[] }>(
    'export',
    'reproduce',
    run.id,
    '--out',
    rebuilt,
  )
  expect(outcome.ok).toBe(true)
  expect(outcome.part_reproduction_ids).toHaveLength(index.content.parts.length)
  // The index of the first time vouches for the parts of the second.
  await rename(join(folder, 'index.json'), join(rebuilt, 'index.json'))
  await rename(join(folder, 'signatures'), join(rebuilt, 'signatures'))
  expect(await tenant.json('export', 'verify', rebuilt)).toMatchObject({ ok: true })
})

describe('an export in parts', () => {
  test('has an index that is told from altered, absent, exchanged and foreign parts', async () => {
    const { folder, index } = await exportParts(tenant, 'kind', 'attacked')
    const [first = '', second = ''] = index.content.parts.map(({ file }) => file)
    const verify = async () => (await tenant.stella('export', 'verify', folder, '--json')).code
    const faults = async () =>
      (
        JSON.parse((await tenant.stella('export', 'verify', folder, '--json')).stdout) as {
          faults: { path: string; reason: string }[]
        }
      ).faults

    await rename(join(folder, first), join(folder, 'aside'))
    expect(await faults()).toEqual([
      { path: 'aside', reason: 'it is not among the parts of index.json' },
      { path: first, reason: 'it is absent' },
    ])
    await rename(join(folder, second), join(folder, first))
    await rename(join(folder, 'aside'), join(folder, second))
    expect((await faults()).map(({ path, reason }) => [path, reason.includes('another export')])).toEqual([
      [first, true],
      [second, true],
    ])
    await rename(join(folder, second), join(folder, 'aside'))
    await rename(join(folder, first), join(folder, second))
    await rename(join(folder, 'aside'), join(folder, first))
    expect(await verify()).toBe(0)

    const sound = await readFile(join(folder, first))
    await writeFile(join(folder, first), sound.subarray(0, -9))
    expect((await faults()).every(({ path }) => path.startsWith(first))).toBe(true)
    expect(await verify()).toBe(6)
    await writeFile(join(folder, first), sound)

    const text = await readFile(join(folder, 'index.json'), 'utf8')
    await writeFile(join(folder, 'index.json'), text.replace('"max_bytes":8192', '"max_bytes":8193'))
    expect((await faults()).map(({ path }) => path)).toEqual(['index.json'])
    await writeFile(join(folder, 'index.json'), text)
    const part = join(folder, 'part-001.tar.zst')
    await rename(part, `${folder}.part`)
    await symlink('nothing', part)
    expect((await faults())[0], 'a link to nothing').toEqual({ path: 'part-001.tar.zst', reason: 'it is absent' })
    await rename(`${folder}.part`, part)
    await rm(join(folder, 'signatures/index.sig'))
    expect(await faults()).toEqual([{ path: 'signatures/index.sig', reason: 'it is absent' }])
  })

  test('answers its index where another run answers its manifest, and downloads as a bundle of it', async () => {
    const { run, folder } = await exportParts(tenant, 'kind', 'api')
    const manifest = await tenant.api(`/export/runs/${run.id}/manifest`)
    expect(await manifest.text()).toBe(await readFile(join(folder, 'index.json'), 'utf8'))
    expect((await tenant.api(`/export/runs/${run.id}/provenance`)).status).toBe(409)
    const bundle = join(tenant.directory, 'index.tar.zst')
    await writeFile(bundle, Buffer.from(await (await tenant.api(`/export/runs/${run.id}/download`)).arrayBuffer()))
    expect((await scanBundle(bundle)).members.map(({ path }) => path)).toEqual(['index.json', 'signatures/index.sig'])
    expect(run.bundle?.size).toBe((await readFile(bundle)).length)
    const alone = await tenant.stella('export', 'verify', bundle)
    expect([alone.code, alone.stderr.includes('give the folder')]).toEqual([2, true])
  })

  test('is listed as one run; its parts are, where they are asked for', async () => {
    const { run } = await exportParts(tenant, 'kind', 'listed')
    const { items } = await tenant.json<{ items: Run[] }>('export', 'run', 'list', '--limit', '200')
    expect(items.map(({ id }) => id)).toContain(run.id)
    expect(items.filter(({ part_of }) => part_of !== null)).toEqual([])
    const parts = await tenant.json<{ items: Run[] }>('export', 'run', 'list', '--part-of', run.id)
    expect(parts.items.map(({ id }) => id).sort()).toEqual(run.parts?.toSorted())
  })

  test('stays one bundle where it is small enough, in a folder that is named for it', async () => {
    const folder = join(tenant.directory, 'api')
    const run = await tenant.json<Run>(
      ...['export', 'run', 'create', '--profile', 'prof_kind', '--include', 'sboms', '--package', 'pkg:npm/lodash'],
      ...['--download', folder],
    )
    expect(run.parts).toBeNull()
    expect(await readdir(folder)).toContain(`${run.id}.tar.zst`)
  })

  test('leaves nothing behind when it is cancelled', async () => {
    const body = JSON.stringify({ profile_id: 'prof_time' })
    const { id } = (await (await tenant.api('/export/runs', { method: 'POST', body })).json()) as Run
    const part = await until(async () => (await runNow(id)).parts?.at(-1) ?? null)
    const cancelled = await tenant.api(`/export/runs/${part}/cancel`, { method: 'POST' })
    if (cancelled.status === 409) return // The part was quicker; the heavy test is about such races.
    const ended = await runNow(id)
    expect([ended.state, ended.bundle]).toEqual(['cancelled', null])
    const store = fileURLToPath(stack.blobUrl)
    await until(async () => {
      const left = (await filesUnder(store)).filter((path) => path.includes(`/${id}`))
      return left.length === 0 ? true : null
    })
  })
})
