import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { compareBundles } from './compare-bundles.ts'
import { testFolder } from './testing/captured-shell.ts'
import { filesOf, packTree, writeSignedExport } from './testing/signed-export.ts'

const sbom = 'sboms/shop_1.0.0/sbom.cdx.json'

test('compareBundles() compares every file but the signatures, by path', async () => {
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

  expect(await compareBundles(place.bundle, other.bundle, new AbortController().signal)).toEqual([
    { path: 'advisories/normalized.jsonl.zst', equal: false },
    { path: 'export.json', equal: true },
    { path: 'provenance.json', equal: false },
    { path: sbom, equal: false },
    { path: 'x', equal: false },
  ])
})
