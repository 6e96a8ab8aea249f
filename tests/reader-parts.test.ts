import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { ExportIndex, ExportManifest, PublicKey, Run } from '@stella/contracts'
import { assembledManifest } from '@stella/core'
import { startTestStack, type TestStack } from '@stella/deploy'
import { assembleParts, readMirrorParts } from '@stella/native'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { old } from './support/encryption.ts'
import { createMirrorProfiles, exportMirror, publicKeyFile } from './support/mirror.ts'
import { Reader } from './support/reader.ts'
import { ingest, openTenant, samples, type Tenant } from './support/tenant.ts'

let stack: TestStack
let tenant: Tenant
let key: string
let whole: Reader
let delta: string
const cuts = ['kind', 'ecosystem', 'time'] as const
/** The same ledger in parts, by each cut; and by kind after it has changed. */
const parts: Record<(typeof cuts)[number] | 'later', string> = { kind: '', ecosystem: '', time: '', later: '' }

beforeAll(async () => {
  stack = await startTestStack({ workers: 2 })
  tenant = await openTenant(stack, 'parts')
  await createMirrorProfiles(tenant)
  for (const by of cuts)
    expect((await createProfile(`mirror ${by}`, { sharding: { max_bytes: 8192, by } })).status).toBe(201)
  for (const folder of ['advisories', 'vex', 'sboms']) await ingest(tenant, join(samples, folder))
  // Its document is withheld.
  await ingest(
    tenant,
    written('LEAK-1', { references: [{ type: 'WEB', url: 'https://someone:hunter2hunter2@example.test/' }] }),
  )
  await ingest(tenant, ofManyTimes())
  key = await publicKeyFile(tenant)
  const bundle = join(tenant.directory, 'whole.tar.zst')
  const base = await exportMirror(tenant, 'full', bundle)
  whole = new Reader(() => key)
  expect((await whole.import(bundle)).code).toBe(0)
  for (const by of cuts) parts[by] = await exportParts(by, by)
  await ingest(tenant, written('LATER-1', { aliases: ['CVE-2030-1'] }))
  parts.later = await exportParts('kind', 'later')
  delta = join(tenant.directory, 'delta.tar.zst')
  await exportMirror(tenant, 'delta', delta, '--base', base.id)
})
afterAll(() => stack?.stop())

function createProfile(name: string, config: object): Promise<Response> {
  const body = JSON.stringify({ name, kind: 'mirror', variant: 'full', config })
  return tenant.api('/export/profiles', { method: 'POST', body })
}

/** A file with an advisory. */
function written(id: string, rest: object): string {
  const path = join(tenant.directory, `${id}.json`)
  writeFileSync(path, JSON.stringify({ id, modified: '2030-01-01T00:00:00Z', ...rest }))
  return path
}

/** A file with a document whose statements are so far apart in time that no part by time holds them all; some are of two ecosystems. */
function ofManyTimes(): string {
  const statements = [2001, 2031, 2002, 2032].map((year, number) => ({
    vulnerability: { name: `CVE-${2001 + number}-1` },
    timestamp: `${year}-01-01T00:00:00Z`,
    products: [{ '@id': 'pkg:npm/many-times@1.0.0' }, ...(year > 2030 ? [{ '@id': 'pkg:gem/many-times@1.0.0' }] : [])],
    status: 'fixed',
  }))
  const document = { '@context': 'https://openvex.dev/ns/v0.2.0', '@id': 'https://example.test/many-times', version: 1 }
  const path = join(tenant.directory, 'many-times.json')
  writeFileSync(path, JSON.stringify({ ...document, author: 'nobody', timestamp: '2001-01-01T00:00:00Z', statements }))
  return path
}

/** Exports a mirror in parts into a folder. */
async function exportParts(by: string, name: string): Promise<string> {
  const folder = join(tenant.directory, name)
  const asked = ['--profile', `prof_mirror_${by}`, '--download', folder]
  const run = await tenant.json<Run>('export', 'run', 'create', ...asked)
  expect(run.parts?.length).toBeGreaterThan(2)
  return folder
}

/** A copy of a folder that may be changed. */
function copyOf(folder: string, name: string): string {
  const copy = join(tenant.directory, name)
  cpSync(folder, copy, { recursive: true })
  return copy
}

const indexOf = (folder: string) => JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as ExportIndex
const served = (reader: Reader, path: string) => readFileSync(join(reader.home, 'active', path), 'utf8')
const manifestOf = (reader: Reader) => JSON.parse(served(reader, 'bundle/export.json')) as ExportManifest

describe.each(cuts)('a mirror in parts by %s', (by) => {
  const reader = new Reader(() => key)
  beforeAll(async () => {
    const { code, stdout, stderr } = await reader.import(parts[by])
    expect([code, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toMatchObject({ imported: true, generation: 5, counts: { advisories: 19 } })
  })

  test.each([
    ['advisory', 'x_SAMPLE-CVE-2021-23337'],
    ['alias', 'CVE-2021-23337'],
    ['package', 'pkg:npm/lodash@4.17.20'],
    ['package', 'pkg:deb/debian/openssl@1.1.1k-1?distro=debian-11'],
    ['package', 'pkg:hex/plug'],
    ['text', 'lodash', 'command', 'inj'],
    ['text', 'overflow'],
    ['vex', '--vulnerability', 'CVE-2021-23337'],
    ['vex', '--product', 'pkg:npm/lodash@4.17.20'],
    ['vex', '--product', 'pkg:npm/many-times@1.0.0'],
    ['vex', '--product', 'pkg:gem/many-times@1.0.0'],
    ['sboms', '--component', 'pkg:npm/lodash@4.17.20'],
  ])('answers %s %s as one that was not cut', async (...question) => {
    const [{ mirror: _mine, ...mine }, { mirror: _theirs, ...theirs }] = [
      await reader.query(...question),
      await whole.query(...question),
    ]
    expect(mine).toEqual(theirs)
  })

  test('pages through all of it, and hands out documents, as one that was not cut', async () => {
    const servers = [await reader.serve(), await whole.serve()] as const
    try {
      const bodies = async (path: string) => {
        const [mine, theirs] = await Promise.all(servers.map(async ({ url }) => (await fetch(`${url}${path}`)).text()))
        expect(withoutAge(mine)).toBe(withoutAge(theirs))
        return mine ?? ''
      }
      const path = '/advisories?package=pkg:npm/lodash'
      const pages = [await bodies(`${path}&limit=1`), await bodies(`${path}&skip=1&limit=1`)]
      const read = pages.map((page) => JSON.parse(page) as { next: number | null; items: { document: string }[] })
      expect(read.map(({ next, items }) => [next, items.length])).toEqual([
        [1, 1],
        [null, 1],
      ])
      const digests = read.map(({ items }) => items[0]?.document ?? '')
      for (const digest of digests) expect(await bodies(`/documents/${digest}`)).toContain('lodash')
    } finally {
      for (const { stop } of servers) await stop()
    }
  })

  test('covers what the whole does, with the age, sources and state of the whole', async () => {
    const [mine, theirs] = [manifestOf(reader).content, manifestOf(whole).content]
    const { profile: _profile, files: _files, content_root: _root, ...said } = mine
    expect(theirs).toMatchObject(said)
    const data = (files: ExportManifest['content']['files']) => files.filter(({ path }) => path !== 'README.md')
    expect(data(mine.files)).toEqual(data(theirs.files))
    const coverage = (await reader.query('coverage')) as unknown as Record<string, unknown>
    expect(coverage).toMatchObject({ tenant: 'parts', filters: {}, sources: theirs.coverage })
    expect(theirs.withheld.map(({ action }) => action)).toContain('withhold')
  })

  test('leaves a receipt that names its index and its parts, and the signed documents', () => {
    const receipts = join(reader.home, 'receipts')
    const [name = ''] = readdirSync(receipts).filter((file) => file.endsWith('.json'))
    const { content } = indexOf(parts[by])
    const named = content.parts.map(({ file, content_root }) => ({ file, content_root }))
    expect(JSON.parse(readFileSync(join(receipts, name), 'utf8'))).toMatchObject({
      generation: 5,
      content_root: manifestOf(reader).content.content_root,
      index: { content_root: content.content_root, parts: named },
    })
    for (const file of ['index.json', 'signatures/index.sig']) {
      expect(served(reader, `parts/${file}`)).toBe(readFileSync(join(parts[by], file), 'utf8'))
    }
  })
})

/** What an answer says besides its age, which goes on. */
function withoutAge(body: string | undefined): string | undefined {
  return body?.replace(/"age_seconds":\d+/, '')
}

describe('an import of a mirror in parts', () => {
  test('is refused where a part is missing, doubled, foreign, altered or alone, and what serves serves on', async () => {
    const reader = new Reader(() => key)
    expect((await reader.import(parts.kind)).code).toBe(0)
    const before = reader.generations()
    const refused = async (bundles: [string, ...string[]], reason: string, code = 6) => {
      const outcome = await reader.import(...bundles)
      expect([outcome.code, outcome.stderr]).toEqual([code, expect.stringContaining(reason)])
      expect(reader.generations()).toEqual(before)
      expect((await reader.query('alias', 'CVE-2030-1')).items).toEqual([])
      expect((await reader.query('alias', 'CVE-2021-23337')).items.length).toBe(1)
    }
    const folder = copyOf(parts.later, 'damaged')
    const [first, second] = ['part-001.tar.zst', 'part-002.tar.zst'].map((file) => join(folder, file)) as [
      string,
      string,
    ]
    const sound = readFileSync(first)
    renameSync(first, `${folder}-aside`)
    await refused([folder], 'part-001.tar.zst: it is absent')
    cpSync(second, first)
    await refused([folder], 'part-001.tar.zst: it is another export than the one that index.json names')
    cpSync(join(parts.kind, 'part-001.tar.zst'), first)
    await refused([folder], 'part-001.tar.zst: it is another export')
    writeFileSync(first, sound)
    cpSync(first, join(folder, 'part-001-again.tar.zst'))
    await refused([folder], 'part-001-again.tar.zst: it is not among the parts of index.json')
    rmSync(join(folder, 'part-001-again.tar.zst'))
    const altered = Buffer.from(sound)
    altered[sound.length >> 1] = (sound[sound.length >> 1] ?? 0) ^ 1
    writeFileSync(first, altered)
    await refused([folder], 'is not what was published')
    writeFileSync(first, sound)
    const signature = join(folder, 'signatures/index.sig')
    rmSync(signature)
    await refused([folder], 'signatures/index.sig: it is absent')
    cpSync(join(parts.kind, 'signatures/index.sig'), signature)
    await refused([folder], 'trusted keys')
    cpSync(join(parts.later, 'signatures/index.sig'), signature)

    const index = join(folder, 'index.json')
    const many = indexOf(folder)
    const [one] = many.content.parts
    const content = { ...many.content, parts: Array.from({ length: 257 }, () => one) }
    writeFileSync(index, JSON.stringify({ ...many, content }))
    await refused([folder], 'index.json: it is no index of version 1: content.parts')
    cpSync(join(parts.later, 'index.json'), index)

    await refused([folder, second], 'no other bundle goes with it', 2)
    const bundle = join(tenant.directory, 'index.tar.zst')
    const answer = await tenant.api(`/export/runs/${indexOf(folder).run.id}/download`)
    writeFileSync(bundle, Buffer.from(await answer.arrayBuffer()))
    await refused([bundle, first], 'give the folder', 2)
    expect((await reader.import(folder)).code).toBe(0)
    expect((await reader.query('alias', 'CVE-2030-1')).items.length).toBe(1)
  })

  test('is not needed for one part, which answers for what it holds alone, and says that it may lack the rest', async () => {
    const ofGems = indexOf(parts.ecosystem).content.parts.find(({ filters }) =>
      filters.ecosystems?.includes('rubygems'),
    )
    expect(ofGems?.filters.exclude_ecosystems).toContain('npm')
    const reader = new Reader(() => key)
    expect((await reader.import(join(parts.ecosystem, ofGems?.file ?? ''))).code).toBe(0)
    const question = ['vex', '--product', 'pkg:gem/many-times@1.0.0'] as const
    expect(await reader.query(...question)).toMatchObject({ covered: false, items: [] })
    expect((await whole.query(...question)).items.length).toBe(2)
  })

  test('again changes nothing, repairs what was damaged, and leaves a receipt where there was none', async () => {
    const reader = new Reader(() => key)
    const imported = async () => {
      const { stdout } = await reader.import(parts.time)
      return JSON.parse(stdout) as { imported: boolean; receipt: string | null }
    }
    const { receipt } = await imported()
    expect(await imported()).toMatchObject({ imported: false, receipt: null })
    rmSync(receipt ?? '')
    expect(await imported()).toMatchObject({ imported: false, receipt: expect.stringContaining('-5.json') })
    for (const file of ['bundle/vex/normalized/000000.jsonl.zst', 'bundle/export.json', 'parts/index.json']) {
      writeFileSync(join(reader.home, 'active', file), 'damaged')
      expect(await imported()).toMatchObject({ imported: true })
      expect((await reader.query('vex', '--vulnerability', 'CVE-2021-23337')).items.length).toBeGreaterThan(0)
    }
  })

  test('follows the rules of one bundle: it goes neither back, nor to another profile, unless that is allowed', async () => {
    const reader = new Reader(() => key)
    expect((await reader.import(parts.later)).code).toBe(0)
    const refused = async (path: string, reason: string) => {
      const { code, stderr } = await reader.import(path)
      expect([code, stderr]).toEqual([6, expect.stringContaining(reason)])
      expect((await reader.query('alias', 'CVE-2030-1')).mirror).toMatchObject({ generation: 6, stale: false })
    }
    await refused(parts.kind, 'it would go back')
    await refused(parts.time, 'another tenant, profile, ledger or set of filters')
    expect((await reader.import(parts.kind, '--allow-rollback')).code).toBe(0)
    expect((await reader.query('alias', 'CVE-2030-1')).items).toEqual([])
    expect((await reader.import(parts.time, '--allow-other')).code).toBe(0)
  })

  test('replaces one of one bundle of its profile, which has the very same files, and is replaced by it', async () => {
    const file = join(tenant.directory, 'profile.json')
    const config = { sharding: { max_bytes: 1e9 } }
    writeFileSync(file, JSON.stringify({ name: 'mirror kind', kind: 'mirror', variant: 'full', config }))
    await tenant.json('export', 'profiles', 'update', 'prof_mirror_kind', '--file', file)
    const bundle = join(tenant.directory, 'one.tar.zst')
    const run = await tenant.json<Run>(
      ...['export', 'run', 'create', '--profile', 'prof_mirror_kind', '--download', bundle],
    )
    expect(run.parts).toBeNull()

    const reader = new Reader(() => key)
    for (const path of [parts.later, bundle, parts.later, bundle]) {
      const { code, stdout, stderr } = await reader.import(path)
      expect([code, stderr]).toEqual([0, ''])
      expect(JSON.parse(stdout)).toMatchObject({ imported: true, content_root: run.content_root })
      expect((await reader.query('alias', 'CVE-2030-1')).items.length).toBe(1)
    }
  })

  test('takes no deltas, and says so; nor is one made for it', async () => {
    const reader = new Reader(() => key)
    expect((await reader.import(parts.kind)).code).toBe(0)
    const { code, stderr } = await reader.import(delta)
    expect([code, stderr]).toEqual([6, expect.stringContaining('the mirror that serves came in parts')])
    const out = join(tenant.directory, 'applied.tar.zst')
    const applied = await tenant.stella('mirror', 'apply', parts.kind, delta, '--out', out)
    expect([applied.code, applied.stderr]).toEqual([2, expect.stringContaining('it is an export in parts')])
    const base = indexOf(parts.kind).run.id
    const asked = ['--profile', 'prof_mirror_delta', '--base', base]
    const made = await tenant.stella('export', 'run', 'create', ...asked)
    expect([made.code, made.stderr]).toEqual([8, expect.stringContaining('it comes in parts')])
  })

  test('that is encrypted is refused, and taken once each part is decrypted', async () => {
    const config = { sharding: { max_bytes: 8192 }, encryption: { recipients: [old.recipient] } }
    expect((await createProfile('mirror sealed', config)).status).toBe(201)
    const folder = await exportParts('sealed', 'sealed')
    const reader = new Reader(() => key)
    const { code, stderr } = await reader.import(folder)
    expect([code, stderr]).toEqual([6, expect.stringContaining('stella mirror decrypt')])

    const identity = join(tenant.directory, 'key.txt')
    writeFileSync(identity, `${old.secret}\n`)
    const opened = copyOf(folder, 'opened')
    for (const { file } of indexOf(folder).content.parts) {
      const to = ['--identity', identity, '--out', join(opened, file), '--force']
      expect((await tenant.stella('mirror', 'decrypt', join(folder, file), ...to)).code).toBe(0)
    }
    expect((await reader.import(opened)).code).toBe(0)
    expect((await reader.query('alias', 'CVE-2030-1')).items.length).toBe(1)
  })
})

test('parts are assembled only where their records come to the state that they state together', async () => {
  const { keys } = (await (await tenant.api('/export/keys')).json()) as { keys: PublicKey[] }
  const { signal } = new AbortController()
  const mirror = await readMirrorParts(parts.kind, keys, signal)
  const out = join(tenant.directory, 'assembled')
  const refused = (of: typeof mirror) =>
    expect(assembleParts(of, out, signal)).rejects.toMatchObject({
      kind: 'integrity',
      message: expect.stringContaining('state'),
    })
  const [first, ...others] = mirror.parts
  if (!first) throw new Error('it has no parts')
  await refused({ ...mirror, parts: others })
  // A record in two parts, as both would be signed.
  const doubled = [first, first, ...others]
  const of = { index: mirror.index, parts: doubled.map((part) => part.manifest) }
  await refused({ ...mirror, parts: doubled, manifest: assembledManifest(of, '', []) })
  expect((await assembleParts(mirror, out, signal)).manifest.content.counts).toEqual(mirror.index.content.counts)
})
