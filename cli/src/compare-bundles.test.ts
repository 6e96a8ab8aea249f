import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { compareDigests, digestsOfBundle, digestsOfDocuments } from './compare-bundles.ts'
import { testFolder } from './testing/captured-shell.ts'
import { filesOf, packTree, writeSignedExport } from './testing/signed-export.ts'

const { signal } = new AbortController()
const sbom = 'sboms/shop_1.0.0/sbom.cdx.json'

test('digestsOfBundle() refuses a bundle with a fault, and one that holds nothing', async () => {
  const folder = testFolder()
  const { bundle } = await writeSignedExport(folder)
  const [damaged, empty] = [join(folder, 'damaged.tar.zst'), join(folder, 'empty')]
  writeFileSync(damaged, readFileSync(bundle).subarray(0, -1))
  mkdirSync(join(empty, 'signatures'), { recursive: true })
  writeFileSync(join(empty, 'signatures', 'export.sig'), '')

  for (const other of [damaged, empty]) {
    const message = expect.stringContaining(`${other} cannot be compared: `)
    await expect(digestsOfBundle(other, signal)).rejects.toMatchObject({ kind: 'integrity', message })
  }
})

test('compareDigests() compares every file but the signatures, by path', async () => {
  const folder = testFolder()
  const place = await writeSignedExport(folder)
  const contents = {
    'export.json': readFileSync(join(place.tree, 'export.json')),
    [sbom]: Buffer.from('{}'),
    x: Buffer.from('x'),
  }
  const other = { ...place, bundle: join(folder, 'other.tar.zst'), tree: join(folder, 'other') }
  for (const [path, bytes] of Object.entries(contents)) {
    mkdirSync(join(other.tree, path, '..'), { recursive: true })
    writeFileSync(join(other.tree, path), bytes)
  }
  await packTree(other, filesOf(contents))

  const read = async ({ bundle }: { bundle: string }) => (await digestsOfBundle(bundle, signal)) ?? new Map()
  expect(compareDigests(await read(place), await read(other))).toEqual([
    { path: 'advisories/normalized.jsonl.zst', equal: false },
    { path: 'export.json', equal: true },
    { path: 'provenance.json', equal: false },
    { path: sbom, equal: false },
    { path: 'x', equal: false },
  ])
})

test('digestsOfDocuments() has the summary of a mirror, which is made of its manifest, and of no other export', async () => {
  const { tree } = await writeSignedExport(testFolder())
  const read = (name: string) => readFileSync(join(tree, name))
  const paths = (manifest: Buffer) => [...digestsOfDocuments(manifest, read('provenance.json')).keys()]
  expect(paths(read('export.json'))).not.toContain('manifest.yaml')

  const manifest = JSON.parse(read('export.json').toString()) as { content: object }
  const mirror = {
    ledger: 'urn:stella:ledger:empty',
    generation: 1,
    valid_until: '2025-01-31T00:00:00Z',
    state: `${'A'.repeat(2731)}=`,
    state_root: `sha256:${'0'.repeat(64)}`,
    absent: [],
  }
  const of = Buffer.from(JSON.stringify({ ...manifest, content: { ...manifest.content, mirror } }))
  expect(paths(of)).toContain('manifest.yaml')
})
