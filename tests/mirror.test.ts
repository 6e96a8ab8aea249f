import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { ExportManifest, Run } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { createMirrorProfiles, exportMirror } from './support/mirror.ts'
import { ingest, openTenant, samples, type Tenant } from './support/tenant.ts'

let stack: TestStack
let tenant: Tenant
let full: Exported

interface Exported {
  readonly run: Run
  readonly bundle: string
  readonly manifest: ExportManifest
}

beforeAll(async () => {
  stack = await startTestStack()
  tenant = await openTenant(stack, 'mirror')
  await createMirrorProfiles(tenant)
  for (const folder of ['advisories', 'vex', 'sboms']) await ingest(tenant, join(samples, folder))
  full = await exported(tenant, 'full')
})
afterAll(() => stack?.stop())

let exports = 0

async function exported(owner: Tenant, variant: 'full' | 'delta', ...options: string[]): Promise<Exported> {
  const bundle = join(owner.directory, `${variant}-${++exports}.tar.zst`)
  const run = await exportMirror(owner, variant, bundle, ...options)
  return { run, bundle, manifest: manifestOf(bundle) }
}

function fileIn(bundle: string, path: string): string {
  return execFileSync('tar', ['--zstd', '-xOf', bundle, path], { encoding: 'utf8' })
}

function manifestOf(bundle: string): ExportManifest {
  return JSON.parse(fileIn(bundle, 'export.json')) as ExportManifest
}

function unpack(owner: Tenant, bundle: string): string {
  const tree = join(owner.directory, `tree-${++exports}`)
  mkdirSync(tree)
  execFileSync('tar', ['--zstd', '-xf', bundle, '-C', tree])
  return tree
}

describe('a full mirror', () => {
  test('holds every record, every document as it was received, and indexes that lead to them', async () => {
    const tree = unpack(tenant, full.bundle)
    expect(full.manifest.content.mirror).toMatchObject({ generation: 3, absent: ['policy', 'consensus'] })
    expect(readdirSync(tree).sort()).toEqual(
      'README.md advisories export.json indexes manifest.yaml provenance.json sboms signatures vex'.split(' '),
    )
    const archive = join(tree, 'advisories/raw/000000.tar.zst')
    const documents = join(tree, 'documents')
    mkdirSync(documents)
    execFileSync('tar', ['--zstd', '-xf', archive, '-C', documents])
    const names = readdirSync(documents)
    for (const name of names) {
      expect(
        createHash('sha256')
          .update(readFileSync(join(documents, name)))
          .digest('hex'),
      ).toBe(name)
    }
    const received = createHash('sha256').update(readFileSync(join(samples, 'advisories/npm-lodash-2021-23337.json')))
    expect(names).toContain(received.digest('hex'))

    const index = JSON.parse(readFileSync(join(tree, 'indexes/advisories.index.json'), 'utf8')) as Index
    const found = index.aliases?.find(([alias]) => alias === 'CVE-2021-23337')
    const [, group, frame, offset, length] = found?.[1]?.[0] ?? []
    expect([group, frame]).toEqual([0, 0])
    const lines = execFileSync('zstd', ['-dc', join(tree, 'advisories/normalized/000000.jsonl.zst')])
    const record = JSON.parse(lines.subarray(Number(offset), Number(offset) + Number(length)).toString()) as {
      aliases: string[]
    }
    expect(record.aliases).toContain('CVE-2021-23337')
  })

  test('is a bundle like any other: sound, and whoever changes it is found', async () => {
    expect(await verdictOn(full.bundle)).toEqual({ code: 0, faults: [] })
    const tree = unpack(tenant, full.bundle)
    expect(await verdictOn(tree)).toEqual({ code: 0, faults: [] })
    expect(await withNote(full.bundle)).toEqual({ code: 6, faults: ['signatures/chain/note'] })
    const summary = join(tree, 'manifest.yaml')
    writeFileSync(summary, readFileSync(summary, 'utf8').replace('generation: 3', 'generation: 4'))
    expect((await verdictOn(tree)).faults).toContain('manifest.yaml')
  })

  test('names the one of its profile before it, and a rebuild names the same', async () => {
    expect(full.manifest.run).not.toHaveProperty('previous')
    const { run, manifest } = await exported(tenant, 'full')
    const before = { id: full.run.id, content_root: full.manifest.content.content_root }
    expect(manifest.run.previous).toEqual(before)
    await exported(tenant, 'full')
    const rebuilt = join(tenant.directory, 'rebuilt.tar.zst')
    expect((await tenant.stella('export', 'reproduce', run.id, '--out', rebuilt)).code).toBe(0)
    expect(manifestOf(rebuilt).run).toEqual(manifest.run)
  })

  test('comes out the same of another order of ingestion', async () => {
    const other = await openTenant(stack, 'mirror-order')
    await createMirrorProfiles(other)
    for (const folder of ['sboms', 'vex', 'advisories']) await ingest(other, join(samples, folder))
    const { manifest } = await exported(other, 'full')
    const files = (of: ExportManifest) => of.content.files.filter(({ path }) => path !== 'README.md')
    expect(files(manifest)).toEqual(files(full.manifest))
    expect(manifest.content.mirror?.state_root).toBe(full.manifest.content.mirror?.state_root)
  })
})

/** The verdict on a bundle that somebody has put a file into, beside the manifests that something merged was made of. */
function withNote(bundle: string) {
  const tree = unpack(tenant, bundle)
  mkdirSync(join(tree, 'signatures/chain'), { recursive: true })
  writeFileSync(join(tree, 'signatures/chain/note'), 'by nobody\n')
  return verdictOn(tree)
}

interface Index {
  readonly aliases?: readonly [string, readonly (readonly [string, number, number, number, number])[]][]
}

async function verdictOn(path: string): Promise<{ code: number; faults: string[] }> {
  const { code, stdout } = await tenant.stella('export', 'verify', path, '--json')
  const { faults } = JSON.parse(stdout) as { faults: { path: string }[] }
  return { code, faults: faults.map((fault) => fault.path) }
}

describe('deltas', () => {
  const states: Exported[] = []
  const deltas: Exported[] = []

  beforeAll(async () => {
    states.push(full)
    for (const step of history) {
      writeFileSync(join(tenant.directory, 'step.jsonl'), step.map((document) => JSON.stringify(document)).join('\n'))
      await ingest(tenant, join(tenant.directory, 'step.jsonl'))
      const base = deltas.at(-1) ?? full
      deltas.push(await exported(tenant, 'delta', '--base', base.run.id))
      states.push(await exported(tenant, 'full'))
    }
  })

  test('state what they add, change and take away, and the mirror that they make', () => {
    expect(deltas.map(({ manifest }) => manifest.content.delta?.changes)).toEqual([
      {
        advisories: { added: 1, changed: 1, removed: 0 },
        vex: { added: 0, changed: 0, removed: 0 },
        sboms: { added: 0, changed: 0, removed: 0 },
      },
      {
        advisories: { added: 0, changed: 1, removed: 0 },
        vex: { added: 2, changed: 0, removed: 0 },
        sboms: { added: 1, changed: 0, removed: 0 },
      },
      {
        advisories: { added: 0, changed: 0, removed: 0 },
        vex: { added: 1, changed: 0, removed: 2 },
        sboms: { added: 0, changed: 0, removed: 0 },
      },
    ])
    for (const [number, { manifest }] of deltas.entries()) {
      const target = states[number + 1]?.manifest.content
      expect(manifest.content.mirror).toEqual(target?.mirror)
      expect(manifest.content.delta?.target.counts).toEqual(target?.counts)
    }
  })

  test('tell what has changed to whoever watches', () => {
    const [, second, third] = deltas as [Exported, Exported, Exported]
    const told = (of: Exported) => JSON.parse(fileIn(of.bundle, 'changelog.json')) as Record<string, object[]>
    expect(told(second).advisories).toEqual([{ change: 'changed', id: 'TEST-1', withdrawn: '2025-02-01T00:00:00Z' }])
    expect(told(third).vex).toEqual([
      { id: 'CVE-2025-0000', product: 'pkg:npm/left-pad@1.0.0', status: { after: ['fixed'], before: ['affected'] } },
      { id: 'CVE-2025-0001', product: 'pkg:npm/left-pad@1.0.0', status: { after: [], before: ['not_affected'] } },
    ])
    expect(fileIn(second.bundle, 'CHANGELOG.md')).toContain('- `TEST-1`, changed, withdrawn 2025-02-01T00:00:00Z')
  })

  test.each([
    ['without a base', [], 2, 'base_export_id: a delta needs the run that it is for'],
    ['of a run that does not exist', ['--base', 'run_none'], 4, 'there is no run run_none'],
    ['with other filters', ['--base', 'FULL', '--ecosystem', 'npm'], 8, 'it has other filters'],
  ])('are refused %s when they are asked for', async (_, options, exit, reason) => {
    const given = options.map((option) => (option === 'FULL' ? full.run.id : option))
    const asked = ['export', 'run', 'create', '--profile', 'prof_mirror_delta', ...given]
    const { code, stderr } = await tenant.stella(...asked)
    expect([code, stderr]).toEqual([exit, expect.stringContaining(reason)])
  })

  const out = () => join(tenant.directory, `merged-${++exports}.tar.zst`)

  async function applied(base: Exported | string, ...given: (Exported | string)[]): Promise<string> {
    const file = out()
    const paths = [base, ...given].map((one) => (typeof one === 'string' ? one : one.bundle))
    const { code, stderr } = await tenant.stella('mirror', 'apply', ...paths, '--out', file)
    expect([code, stderr]).toEqual([0, ''])
    return file
  }

  test('applied one by one, at once, or joined, make the mirror that a run writes, byte for byte', async () => {
    const [first, second, third] = deltas as [Exported, Exported, Exported]
    const squashed = out()
    expect((await tenant.stella('mirror', 'squash', second.bundle, third.bundle, '--out', squashed)).code).toBe(0)
    const once = await applied(full, first)
    for (const merged of [
      await applied(full, first, second, third),
      await applied(await applied(once, second), third),
      await applied(once, squashed),
    ]) {
      const { content, run } = manifestOf(merged)
      expect(content).toEqual(states[3]?.manifest.content)
      expect(run.trigger).toBe('apply')
      expect(await verdictOn(merged)).toEqual({ code: 0, faults: [] })
      expect(digests(unpack(tenant, merged))).toEqual(digests(unpack(tenant, states[3]?.bundle ?? '')))
    }
    expect(await verdictOn(squashed)).toEqual({ code: 0, faults: [] })
    expect(await withNote(squashed)).toEqual({ code: 6, faults: ['signatures/chain/note'] })
    expect(manifestOf(squashed).content.delta?.changes.vex).toEqual({ added: 1, changed: 0, removed: 0 })
  })

  test.each([
    ['out of order', [1, 0]],
    ['with one missing', [1]],
    ['with one missing between', [0, 2]],
    ['with one twice', [0, 0]],
  ])('are refused %s, and nothing is written', async (_, order) => {
    const file = out()
    const paths = order.map((number) => deltas[number]?.bundle ?? '')
    const { code, stderr } = await tenant.stella('mirror', 'apply', full.bundle, ...paths, '--out', file)
    expect([code, stderr]).toEqual([6, expect.stringMatching(/nothing was written: .* revision/)])
    expect(readdirSync(tenant.directory).filter((name) => file.endsWith(name) || name.startsWith('.stella'))).toEqual(
      [],
    )
  })
})

describe('deltas from the beginning', () => {
  async function ingested(owner: Tenant, document: object): Promise<void> {
    const path = join(owner.directory, 'document.json')
    writeFileSync(path, JSON.stringify(document))
    await ingest(owner, path)
  }

  /** A mirror that deltas were applied to is that which is written whole. */
  async function expectWhole(owner: Tenant, base: Exported, ...deltas: Exported[]): Promise<ExportManifest> {
    const whole = await exported(owner, 'full')
    const out = join(owner.directory, `whole-${++exports}.tar.zst`)
    const bundles = [base, ...deltas].map(({ bundle }) => bundle)
    const { code, stderr } = await owner.stella('mirror', 'apply', ...bundles, '--out', out)
    expect([code, stderr]).toEqual([0, ''])
    expect(manifestOf(out).content).toEqual(whole.manifest.content)
    return whole.manifest
  }

  test('of an empty ledger lead on, as those of any other', async () => {
    const owner = await openTenant(stack, 'mirror-empty')
    await createMirrorProfiles(owner)
    const empty = await exported(owner, 'full')
    await ingest(owner, join(samples, 'advisories'))
    const first = await exported(owner, 'delta', '--base', empty.run.id)
    await ingested(owner, advisory('TEST-9', '2025-01-01T00:00:00Z'))
    const second = await exported(owner, 'delta', '--base', first.run.id)
    await expectWhole(owner, empty, first, second)
  })

  test('that end what was withheld of a document make the mirror that no longer withholds it', async () => {
    const owner = await openTenant(stack, 'mirror-credential')
    await createMirrorProfiles(owner)
    const references = [{ type: 'WEB', url: 'https://someone:hunter2hunter2@example.test/' }]
    await ingested(owner, advisory('TEST-8', '2025-01-01T00:00:00Z', { references }))
    const before = await exported(owner, 'full')
    const kept = before.manifest.content.withheld.filter(({ action }) => action === 'withhold')
    expect(kept.map(({ record }) => record)).toEqual(['TEST-8'])
    await ingested(owner, advisory('TEST-8', '2025-02-01T00:00:00Z'))
    const delta = await exported(owner, 'delta', '--base', before.run.id)
    expect((await expectWhole(owner, before, delta)).content.withheld).toEqual([])
  })
})

/** SHA-256 of every file but those that say which run it was. */
function digests(tree: string): string {
  const files =
    "find . -type f ! -path './signatures/*' ! -name export.json ! -name manifest.yaml ! -name provenance.json"
  return execFileSync('sh', ['-c', `${files} | LC_ALL=C sort | xargs sha256sum`], { cwd: tree, encoding: 'utf8' })
}

const advisory = (id: string, modified: string, more: object = {}) => ({
  id,
  modified,
  summary: `About ${id}`,
  ...more,
})
const vex = (version: number, ...statuses: string[]) => ({
  '@context': 'https://openvex.dev/ns/v0.2.0',
  '@id': 'https://example.test/vex/history',
  author: 'test',
  timestamp: '2025-01-01T00:00:00Z',
  version,
  statements: statuses.map((status, number) => ({
    vulnerability: { name: `CVE-2025-000${number}` },
    products: [{ '@id': 'pkg:npm/left-pad@1.0.0' }],
    status,
    ...(status === 'not_affected' ? { justification: 'component_not_present' } : {}),
    ...(status === 'affected' ? { action_statement: 'update' } : {}),
  })),
})
const sbom = {
  bomFormat: 'CycloneDX',
  specVersion: '1.5',
  serialNumber: 'urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79',
  version: 1,
  components: [{ type: 'library', name: 'left-pad', version: '1.0.0', purl: 'pkg:npm/left-pad@1.0.0' }],
}

/** What is ingested after the first mirror, batch by batch. */
const history = [
  [advisory('TEST-1', '2025-01-01T00:00:00Z'), advisory('x_SAMPLE-CVE-2021-23337', '2030-01-01T00:00:00Z')],
  [
    advisory('TEST-1', '2025-02-01T00:00:00Z', { withdrawn: '2025-02-01T00:00:00Z' }),
    vex(1, 'affected', 'not_affected'),
    sbom,
  ],
  [vex(2, 'fixed')],
]
