import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { ExportManifest, IngestSummary, ProblemBody, Run } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { readMember, scanBundle } from '@stella/native'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { createProfile, exportBundle, filesUnder, ingest, openTenant, samples, type Tenant } from './support/tenant.ts'

const evidence = ['advisories', 'vex', 'sboms'].map((folder) => join(samples, folder))

let stack: TestStack
let tenant: Tenant
let summary: IngestSummary

beforeAll(async () => {
  stack = await startTestStack()
  tenant = await openTenant(stack, 'road')
  summary = await ingest(tenant, ...evidence)
  await createProfile(tenant)
})
afterAll(() => stack?.stop())

async function manifestOf(bundle: string): Promise<ExportManifest> {
  return JSON.parse((await readMember(bundle, 'export.json', 1e8)).toString()) as ExportManifest
}

async function dataFiles(bundle: string): Promise<[string, string][]> {
  const { content } = await manifestOf(bundle)
  return content.files.map(({ path, sha256 }) => [path, sha256])
}

describe('stella ingest', () => {
  test('takes every sample in, as revision 1', async () => {
    const files = (await Promise.all(evidence.map(filesUnder))).flat()
    expect(summary).toMatchObject({ revision: 1, changed: 0, unchanged: 0, refused: [] })
    expect(summary.new).toBe(summary.read)
    expect(summary.read).toBeGreaterThanOrEqual(files.length)
  })

  test('changes nothing the second time: no new revision', async () => {
    expect(await ingest(tenant, ...evidence)).toEqual({ ...summary, new: 0, unchanged: summary.read })
  })
})

describe('an export', () => {
  test('verifies, with the key that the download pinned, and tells what it holds', async () => {
    const { run, bundle } = await exportBundle(tenant, 'first.tar.zst')
    expect(run).toMatchObject({ state: 'succeeded', error_class: null, ledger_revision: 1 })

    const verdict = await tenant.json<Record<string, unknown>>('export', 'verify', bundle)
    expect(verdict).toMatchObject({ ok: true, content_root: run.content_root, run_id: run.id, faults: [] })
    expect((await manifestOf(bundle)).content.counts).toEqual(run.counts)
  })

  test('has equal content and equal bytes in every data file, run after run', async () => {
    const [a, b] = [await exportBundle(tenant, 'a.tar.zst'), await exportBundle(tenant, 'b.tar.zst')]
    expect(b.run.content_root).toBe(a.run.content_root)
    expect(await dataFiles(b.bundle)).toEqual(await dataFiles(a.bundle))
    expect((await manifestOf(b.bundle)).content).toEqual((await manifestOf(a.bundle)).content)
  })

  test('of the samples is the golden one: the same files and content root on every machine', async () => {
    const { bundle } = await exportBundle(tenant, 'golden.tar.zst')
    const { counts, schemas, withheld, files, content_root } = (await manifestOf(bundle)).content
    const golden = `${JSON.stringify({ counts, schemas, withheld, files, content_root }, null, 2)}\n`
    await expect(golden).toMatchFileSnapshot('golden/samples-content.json')
  })

  test('is reproduced byte for byte but for signatures/; its reproduction is not', async () => {
    const { run, bundle } = await exportBundle(tenant, 'original.tar.zst')
    const rebuilt = join(tenant.directory, 'rebuilt.tar.zst')
    const outcome = await tenant.stella('export', 'reproduce', run.id, '--out', rebuilt)
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 })

    const [before, after] = [await members(bundle), await members(rebuilt)]
    expect(after.filter(([path]) => !path.startsWith('signatures/'))).toEqual(
      before.filter(([path]) => !path.startsWith('signatures/')),
    )
    expect(after.map(([path]) => path)).toEqual(before.map(([path]) => path))
    expect(after).not.toEqual(before)

    const { items } = await tenant.json<{ items: Run[] }>('export', 'run', 'list', '--limit', '1')
    const refused = await tenant.api(`/export/runs/${items[0]?.id}/reproduce`, { method: 'POST' })
    const { code, detail } = (await refused.json()) as ProblemBody
    expect([refused.status, code, detail]).toEqual([
      409,
      'resource/conflict',
      expect.stringContaining(`reproduce run ${run.id}`),
    ])
  })

  test('comes out the same from another tenant that got the documents in another order and other batches', async () => {
    const other = await openTenant(stack, 'other-order')
    await createProfile(other)
    const files = (await Promise.all(evidence.map(filesUnder))).flat().toReversed()
    const third = Math.ceil(files.length / 3)
    for (const from of [0, third, 2 * third]) await ingest(other, ...files.slice(from, from + third))

    const mine = await exportBundle(tenant, 'mine.tar.zst')
    const theirs = await exportBundle(other, 'theirs.tar.zst')
    expect(theirs.run.content_root).toBe(mine.run.content_root)
    expect(await dataFiles(theirs.bundle)).toEqual(await dataFiles(mine.bundle))
  })

  test('holds each SBOM byte for byte as it was received', async () => {
    const { bundle } = await exportBundle(tenant, 'sboms.tar.zst', '--include', 'sboms')
    const paths = (await dataFiles(bundle)).map(([path]) => path)
    const sent = await Promise.all((await filesUnder(join(samples, 'sboms'))).map((path) => readFile(path, 'utf8')))
    const received = await Promise.all(paths.map(async (member) => (await readMember(bundle, member, 1e8)).toString()))
    expect(paths.every((path) => /^sboms\/[a-z0-9._~-]+\/sbom\.(cdx\.json|cdx\.xml|spdx\.json)$/.test(path))).toBe(true)
    expect(received.toSorted()).toEqual(sent.toSorted())
  })

  test.each([
    ['--include', 'vex', { advisories: 0, sboms: 0 }],
    ['--ecosystem', 'no-such-ecosystem', { advisories: 0, vex: 0, sboms: 0 }],
    ['--to', '1990-01-01', { advisories: 0, vex: 0, sboms: 0 }],
  ])('takes %s %s for a filter', async (option, value, counts) => {
    const { run } = await exportBundle(tenant, 'filtered.tar.zst', option, value)
    expect(run.counts).toMatchObject(counts)
  })

  test('of a package holds that package alone', async () => {
    const { run, bundle } = await exportBundle(
      tenant,
      'lodash.tar.zst',
      '--include',
      'advisories',
      '--package',
      'pkg:npm/lodash',
    )
    const lines = await readLines(bundle, 'advisories/normalized.jsonl.zst')
    expect(lines.length).toBe(run.counts?.advisories)
    expect(lines.length).toBeGreaterThan(0)
    for (const { affected } of lines as { affected: { package: { name: string } }[] }[]) {
      expect(affected.some((entry) => entry.package.name === 'lodash')).toBe(true)
    }
  })
})

describe('a run', () => {
  test('that is unknown exits with 4, and a wrong option with 2', async () => {
    expect((await tenant.stella('export', 'run', 'status', 'run_unknown')).code).toBe(4)
    expect((await tenant.stella('export', 'run', 'create')).code).toBe(2)
    expect(
      (await tenant.stella('export', 'run', 'create', '--profile', 'prof_json_raw', '--from', 'yesterday')).code,
    ).toBe(2)
  })

  test('is denied to a viewer with 5', async () => {
    const viewer = await openTenant(stack, 'road', 'Export.Viewer')
    expect((await viewer.stella('export', 'run', 'create', '--profile', 'prof_json_raw')).code).toBe(5)
    expect((await viewer.stella('export', 'profiles', 'list')).code).toBe(0)
  })

  test('that succeeded cannot be cancelled', async () => {
    const { run } = await exportBundle(tenant, 'done.tar.zst')
    const answer = await tenant.api(`/export/runs/${run.id}/cancel`, { method: 'POST' })
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([409, 'resource/conflict'])
    expect((await tenant.json<Run>('export', 'run', 'status', run.id)).state).toBe('succeeded')
  })
})

async function members(bundle: string): Promise<[string, string][]> {
  return (await scanBundle(bundle)).members.map(({ path, sha256 }) => [path, sha256])
}

async function readLines(bundle: string, member: string): Promise<unknown[]> {
  const compressed = await readMember(bundle, member, 1e8)
  const text = execFileSync('zstd', ['-dc'], { input: compressed, maxBuffer: 1e8 }).toString()
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown)
}
