import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

import type { ExportManifest } from '@stella/contracts'
import { contentRoot, encodeManifest, encodeMergedProvenance, encodeSummary } from '@stella/core'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMirrorProfiles, exportMirror, publicKeyFile } from './support/mirror.ts'
import { Reader } from './support/reader.ts'
import { filesUnder, ingest, openTenant, samples, type Tenant } from './support/tenant.ts'

/** What was merged is signed by nobody: whoever has a mirror and a delta of it may write such a bundle, with any digests. */
let stack: TestStack
let tenant: Tenant
let applied: string
let joined: string

beforeAll(async () => {
  stack = await startTestStack()
  tenant = await openTenant(stack, 'forged')
  await createMirrorProfiles(tenant)
  await ingest(tenant, join(samples, 'advisories'))
  const full = await exported('full')
  const first = await exported('delta', '--base', full.id)
  const second = await exported('delta', '--base', first.id)
  const merged = (name: string) => join(tenant.directory, `${name}.tar.zst`)
  const of = [full, first, second].map(({ bundle }) => bundle)
  expect((await tenant.stella('mirror', 'apply', ...of, '--out', merged('applied'))).code).toBe(0)
  expect((await tenant.stella('mirror', 'squash', ...of.slice(1), '--out', merged('joined'))).code).toBe(0)
  applied = unpack(merged('applied'))
  joined = unpack(merged('joined'))
})
afterAll(() => stack?.stop())

function unpack(bundle: string): string {
  const tree = `${bundle}.d`
  mkdirSync(tree)
  execFileSync('tar', ['--zstd', '-xf', bundle, '-C', tree])
  return tree
}

let changes = 0

/** Exports the ledger after it has changed. */
async function exported(
  variant: 'full' | 'delta',
  ...options: string[]
): Promise<{ readonly id: string; readonly bundle: string }> {
  const evidence = join(tenant.directory, 'change.json')
  writeFileSync(evidence, JSON.stringify({ id: 'FORGED-1', modified: `2030-01-0${++changes}T00:00:00Z` }))
  await ingest(tenant, evidence)
  const bundle = join(tenant.directory, `${variant}-${changes}.tar.zst`)
  const { id } = await exportMirror(tenant, variant, bundle, ...options)
  return { id, bundle }
}

/** A copy of a merged bundle that somebody has changed, with a manifest that says so and all that follows from it. */
async function forged(
  from: string,
  change: (tree: string) => void,
  manifestOf = (manifest: ExportManifest) => manifest,
): Promise<string> {
  const tree = join(tenant.directory, `forged-${++changes}`)
  cpSync(from, tree, { recursive: true })
  change(tree)
  const read = (path: string) => JSON.parse(readFileSync(join(tree, path), 'utf8')) as ExportManifest
  const isData = (path: string) => !/^(signatures\/|(export\.json|manifest\.yaml|provenance\.json)$)/.test(path)
  const files = (await filesUnder(tree))
    .map((path) => ({ path: relative(tree, path), bytes: readFileSync(path) }))
    .filter(({ path }) => isData(path))
    .map(({ path, bytes }) => ({
      path,
      size: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    }))
    .sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)))
  const { content, ...rest } = read('export.json')
  const manifest = manifestOf({ ...rest, content: { ...content, files, content_root: contentRoot(files) } })
  const chain = readdirSync(join(tree, 'signatures/chain'))
    .sort()
    .map((place) => read(`signatures/chain/${place}/export.json`))
  writeFileSync(join(tree, 'export.json'), encodeManifest(manifest))
  if (manifest.content.mirror) writeFileSync(join(tree, 'manifest.yaml'), encodeSummary(manifest))
  else rmSync(join(tree, 'manifest.yaml'))
  writeFileSync(join(tree, 'provenance.json'), encodeMergedProvenance(manifest, chain))
  return tree
}

function put(path: string, text = 'anything\n') {
  return (tree: string) => {
    mkdirSync(dirname(join(tree, path)), { recursive: true })
    writeFileSync(join(tree, path), text)
  }
}

async function faultsOf(tree: string): Promise<string[]> {
  const { code, stdout } = await tenant.stella('export', 'verify', tree, '--json')
  const { ok, faults } = JSON.parse(stdout) as { ok: boolean; faults: { path: string }[] }
  expect([ok, code]).toEqual(faults.length === 0 ? [true, 0] : [false, 6])
  return faults.map(({ path }) => path)
}

test('what was merged is sound as it is', async () => {
  for (const tree of [applied, joined]) expect(await faultsOf(await forged(tree, () => undefined))).toEqual([])
})

test.each([
  ['another README', 'README.md'],
  ['a file that no mirror has', 'policy/allow-all.json'],
  ['a changelog', 'changelog.json'],
  ['documents of a group that there is not', 'advisories/raw/000009.tar.zst'],
])('%s is found in what was merged', async (_, path) => {
  for (const tree of [applied, joined]) expect(await faultsOf(await forged(tree, put(path)))).toContain(path)
})

test('an index that names a document by another digest is found, and is not imported', async () => {
  const path = 'indexes/advisories.index.json'
  const renamed = (tree: string) => {
    const index = readFileSync(join(tree, path), 'utf8')
    const [digest = ''] = /[0-9a-f]{64}/.exec(index) ?? []
    writeFileSync(join(tree, path), index.replace(digest, createHash('sha256').update('another').digest('hex')))
  }
  const tree = await forged(applied, renamed)
  expect(await faultsOf(tree)).not.toEqual([])
  const key = await publicKeyFile(tenant)
  expect((await new Reader(() => key).import(tree)).code).toBe(6)
})

test('the manifests of a mirror vouch for no export of another kind', async () => {
  const raw = (manifest: ExportManifest): ExportManifest => {
    const { mirror: _mirror, delta: _delta, ...content } = manifest.content
    return { ...manifest, content: { ...content, profile: { ...content.profile, kind: 'json', variant: 'raw' } } }
  }
  const tree = await forged(applied, () => undefined, raw)
  expect(await faultsOf(tree)).toContain('export.json')
  const key = await publicKeyFile(tenant)
  expect((await new Reader(() => key).import(tree)).code).toBe(6)
})
